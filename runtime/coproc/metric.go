package coproc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/c386954a/sallyport/abi"
)

// maxMetrics is how many series a process may have: names times labels.
const maxMetrics = 64

// Metric is a value that the process counts or measures.
type Metric struct {
	Name   string            `json:"name"`  // lower case letters, digits and underscores
	Gauge  bool              `json:"gauge"` // a value that is set; else a counter that only grows
	Labels map[string]string `json:"labels,omitempty"`
	Value  float64           `json:"value"`
}

// note records a metric notification. The series are those of all processes of
// a runtime, so that counters go on when a process dies.
func (s *stats) note(params []byte) error {
	var in struct {
		Name   string            `json:"name"`
		Kind   string            `json:"kind"`
		Value  float64           `json:"value"`
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return err
	}
	if in.Kind != "counter" && in.Kind != "gauge" {
		return fmt.Errorf("metric kind %q: want counter or gauge", in.Kind)
	}
	m := abi.Metric{Name: in.Name, Gauge: in.Kind == "gauge", Value: in.Value}
	for name, value := range in.Labels {
		m.Labels = append(m.Labels, abi.Label{Name: name, Value: value})
	}
	return s.metrics.Record(m)
}

// measured returns copies of all series, in a fixed order.
func (s *stats) measured() (all []Metric) {
	list := slices.SortedFunc(s.metrics.All(), func(a, b abi.Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.CompareFunc(a.Labels, b.Labels, func(a, b abi.Label) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
		}))
	})
	for _, m := range list {
		out := Metric{Name: m.Name, Gauge: m.Gauge, Labels: make(map[string]string, len(m.Labels)), Value: m.Value}
		for _, l := range m.Labels {
			out.Labels[l.Name] = l.Value
		}
		all = append(all, out)
	}
	return all
}
