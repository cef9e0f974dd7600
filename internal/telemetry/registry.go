// Package telemetry keeps what plugins count and measure. It knows no exporter,
// but it takes only what every exporter can show: one series that cannot be
// written would make a whole scrape fail.
package telemetry

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
)

// Registry keeps the series of one plugin. A series stays from its first value
// for the life of the registry. The zero value keeps none. It is safe for
// concurrent use.
type Registry struct {
	// Max is how many series are kept; it is set before the first use.
	Max int

	mu     sync.RWMutex       // protects the fields below
	series map[string]*Series // by name, kind and sorted labels
	known  map[string]*Series // by the key of a caller, see Find
}

// Series is one metric with one set of labels. It is safe for concurrent use.
type Series struct {
	metric abi.Metric    // without value
	value  atomic.Uint64 // bits of a float64
}

// Record adds a value that passed [CheckValue] to a counter, or sets a gauge.
func (s *Series) Record(v float64) {
	if s.metric.Gauge {
		s.value.Store(math.Float64bits(v))
		return
	}
	for {
		old := s.value.Load()
		sum := min(math.Float64frombits(old)+v, math.MaxFloat64) // JSON cannot write an infinity
		if s.value.CompareAndSwap(old, math.Float64bits(sum)) {
			return
		}
	}
}

// Record checks a metric and records its value. It fails with the reason why
// the metric is not kept.
func (r *Registry) Record(m abi.Metric) error {
	s, err := r.Make(nil, m)
	if err != nil {
		return err
	}
	s.Record(m.Value)
	return nil
}

// Find returns the series that [Registry.Make] returned for the key, or nil.
// It does not allocate.
func (r *Registry) Find(key []byte) *Series {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[string(key)]
}

// keysPerSeries is how many keys of callers are kept for each series.
const keysPerSeries = 4

// Make checks a metric and returns its series, which is new if there was none.
// Find returns it for the key from then on, unless there are too many keys:
// the same labels in another order are the same series with another key.
func (r *Registry) Make(key []byte, m abi.Metric) (*Series, error) {
	if err := Check(m); err != nil {
		return nil, err
	}
	m.Value, m.Labels = 0, sorted(m.Labels)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.series[keyOf(m)]
	if s == nil {
		if len(r.series) >= r.Max {
			return nil, ErrTooMany
		}
		s = r.add(m)
	}
	if len(key) > 0 && len(r.known) < keysPerSeries*r.Max {
		r.known[string(key)] = s
	}
	return s, nil
}

// add makes a series. The lock is held.
func (r *Registry) add(m abi.Metric) *Series {
	if r.series == nil {
		r.series, r.known = map[string]*Series{}, map[string]*Series{}
	}
	s := &Series{metric: m}
	r.series[keyOf(m)] = s
	return s
}

// All yields every series once, in no order.
func (r *Registry) All() iter.Seq[abi.Metric] {
	return func(yield func(abi.Metric) bool) {
		r.mu.RLock()
		list := make([]*Series, 0, len(r.series))
		for _, s := range r.series {
			list = append(list, s)
		}
		r.mu.RUnlock()
		for _, s := range list {
			m := s.metric
			m.Value = math.Float64frombits(s.value.Load())
			if !yield(m) {
				return
			}
		}
	}
}

func sorted(labels []abi.Label) []abi.Label {
	labels = slices.Clone(labels)
	slices.SortFunc(labels, func(a, b abi.Label) int { return strings.Compare(a.Name, b.Name) })
	return labels
}

// keyOf returns a key that tells all metrics with sorted labels apart: no name
// and no text has a byte 0xff.
func keyOf(m abi.Metric) string {
	var b strings.Builder
	b.WriteString(m.Name)
	if m.Gauge {
		b.WriteString("\xff") // a counter and a gauge of one name are exported as two
	}
	for _, l := range m.Labels {
		b.WriteString("\xff" + l.Name + "\xff" + l.Value)
	}
	return b.String()
}

// Limits of a metric.
const (
	MaxName       = 64
	MaxLabels     = 4
	MaxLabelName  = 32
	MaxLabelValue = 128
)

// ErrTooMany is that a registry has as many series as it keeps.
var ErrTooMany = errors.New("more metrics than are kept")

// Check reports why a metric cannot be kept, and which part of it is wrong.
//
// Exporters append _total to the names of counters. So no name may end with it:
// a gauge x_total and a counter x would be one name with two types. For all
// other names a counter and a gauge of the same name are exported as two.
func Check(m abi.Metric) error {
	switch {
	case !identifier(m.Name, MaxName):
		return fmt.Errorf("metric name %q: want at most %d of a-z, 0-9 and _, and no digit first", clip(m.Name), MaxName)
	case strings.HasSuffix(m.Name, "_total"):
		return fmt.Errorf("metric name %q: exporters append _total to the names of counters; leave it out", m.Name)
	case len(m.Labels) > MaxLabels:
		return fmt.Errorf("metric %s has %d labels: at most %d are kept", m.Name, len(m.Labels), MaxLabels)
	}
	for i, l := range m.Labels {
		if err := checkLabel(l); err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		if slices.ContainsFunc(m.Labels[:i], func(o abi.Label) bool { return o.Name == l.Name }) {
			return fmt.Errorf("metric %s: label %s is there twice", m.Name, l.Name)
		}
	}
	if err := CheckValue(m.Gauge, m.Value); err != nil {
		return fmt.Errorf("metric %s: %w", m.Name, err)
	}
	return nil
}

// CheckValue reports what is wrong with a value that is added to a counter or
// set as a gauge.
func CheckValue(gauge bool, v float64) error {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return errors.New("the value is not a finite number")
	case !gauge && v < 0:
		return errors.New("a counter cannot fall")
	}
	return nil
}

// checkLabel leaves the name plugin and names that begin with two underscores
// to exporters.
func checkLabel(l abi.Label) error {
	switch {
	case !identifier(l.Name, MaxLabelName):
		return fmt.Errorf("label name %q: want at most %d of a-z, 0-9 and _, and no digit first", clip(l.Name), MaxLabelName)
	case l.Name == "plugin" || strings.HasPrefix(l.Name, "__"):
		return fmt.Errorf("label name %q is reserved for exporters", l.Name)
	case len(l.Value) > MaxLabelValue:
		return fmt.Errorf("the value of label %s is longer than %d bytes", l.Name, MaxLabelValue)
	case !utf8.ValidString(l.Value):
		return fmt.Errorf("the value of label %s is not UTF-8", l.Name)
	}
	return nil
}

// identifier reports whether s is [a-z_][a-z0-9_]*.
func identifier(s string, limit int) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= limit
}

// clip shortens a name for a message.
func clip(s string) string { return s[:min(len(s), 2*MaxName)] }
