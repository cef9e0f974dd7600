package coproc

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Bounds of the metrics that a process may have.
const (
	maxMetrics    = 64 // series: names times labels
	maxLabels     = 4
	maxLabelValue = 64
)

// Metric is a value that the process counts or measures.
type Metric struct {
	Name   string            `json:"name"`  // lower case letters, digits and underscores
	Gauge  bool              `json:"gauge"` // a value that is set; else a counter that only grows
	Labels map[string]string `json:"labels,omitempty"`
	Value  float64           `json:"value"`
}

// metrics are those of all processes of a runtime: counters go on when a
// process dies. Its methods may be called by many goroutines.
type metrics struct {
	// mu protects the fields below.
	mu     sync.Mutex
	series map[string]*Metric
}

var metricName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

var errMetrics = errors.New("more metrics than are kept")

// note takes the params of a metric notification.
func (m *metrics) note(params []byte) error {
	var in struct {
		Name   string            `json:"name"`
		Kind   string            `json:"kind"`
		Value  float64           `json:"value"`
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return err
	}
	if err := checkMetric(in.Name, in.Kind, in.Value, in.Labels); err != nil {
		return err
	}
	key := in.Kind + " " + in.Name + labelKey(in.Labels)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.series[key]
	if s == nil {
		if len(m.series) >= maxMetrics {
			return errMetrics
		}
		if m.series == nil {
			m.series = make(map[string]*Metric)
		}
		s = &Metric{Name: in.Name, Gauge: in.Kind == "gauge", Labels: in.Labels}
		m.series[key] = s
	}
	if s.Gauge {
		s.Value = in.Value
	} else {
		s.Value += in.Value
	}
	return nil
}

func checkMetric(name, kind string, value float64, labels map[string]string) error {
	switch {
	case !metricName.MatchString(name):
		return errors.New("metric name")
	case kind != "counter" && kind != "gauge":
		return errors.New("metric kind")
	case math.IsNaN(value) || math.IsInf(value, 0) || kind == "counter" && value < 0:
		return errors.New("metric value")
	case len(labels) > maxLabels:
		return errors.New("metric labels")
	}
	for name, value := range labels {
		if !metricName.MatchString(name) || len(value) > maxLabelValue {
			return errors.New("metric label")
		}
	}
	return nil
}

func labelKey(labels map[string]string) string {
	var key strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		key.WriteString("\x00" + name + "\x00" + labels[name])
	}
	return key.String()
}

// snapshot returns copies of all, in a fixed order.
func (m *metrics) snapshot() []Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Metric
	for _, s := range m.series {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(labelKey(a.Labels), labelKey(b.Labels)))
	})
	return all
}
