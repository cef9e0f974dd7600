package native

import (
	"errors"
	"iter"
	"math"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
)

// Limits of what the guests of one plugin measure.
const (
	maxSeries     = 256 // names and labels together
	maxMetricName = 64
	maxLabels     = 4
	maxLabelName  = 32
	maxLabelValue = 128
	maxSeriesKey  = 1 << 10
)

// metrics are what the guests of one plugin measure. A series stays from its
// first value until the plugin is closed. It is safe for concurrent use.
type metrics struct {
	mu     sync.RWMutex // protects the map, not what is in it
	series map[string]*series
}

// series is one metric with one set of labels.
type series struct {
	metric abi.Metric    // without value
	value  atomic.Uint64 // bits of a float64
}

// add adds to the value.
func (s *series) add(n float64) {
	for {
		old := s.value.Load()
		if s.value.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+n)) {
			return
		}
	}
}

func (s *series) set(n float64) { s.value.Store(math.Float64bits(n)) }

// all yields every series.
func (m *metrics) all() iter.Seq[abi.Metric] {
	return func(yield func(abi.Metric) bool) {
		m.mu.RLock()
		list := make([]*series, 0, len(m.series))
		for _, s := range m.series {
			list = append(list, s)
		}
		m.mu.RUnlock()
		for _, s := range list {
			metric := s.metric
			metric.Value = math.Float64frombits(s.value.Load())
			if !yield(metric) {
				return
			}
		}
	}
}

// find returns the series of a key. It does not allocate.
func (m *metrics) find(key []byte) *series {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.series[string(key)]
}

// make returns the series of a key, which is new unless somebody else was
// faster; nil if there are too many.
func (m *metrics) make(key []byte, metric abi.Metric) *series {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.series[string(key)]; s != nil {
		return s
	}
	if len(m.series) >= maxSeries {
		return nil
	}
	if m.series == nil {
		m.series = map[string]*series{}
	}
	s := &series{metric: metric}
	m.series[string(key)] = s
	return s
}

// metricAdd (name, name_len, labels, labels_len, value) adds to a counter.
func metricAdd(c *Call, f frame) int64 {
	n := f.f64(4)
	if !(n >= 0) || math.IsInf(n, 1) { // a NaN, too, is not at least 0
		return int64(CodeInvalid)
	}
	s, code := c.seriesOf(f, false)
	if code != 0 {
		return code
	}
	s.add(n)
	return 0
}

// metricSet (name, name_len, labels, labels_len, value) sets a gauge.
func metricSet(c *Call, f frame) int64 {
	n := f.f64(4)
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return int64(CodeInvalid)
	}
	s, code := c.seriesOf(f, true)
	if code != 0 {
		return code
	}
	s.set(n)
	return 0
}

// seriesOf returns the series that (name, name_len, labels, labels_len) name.
// The labels as the guest wrote them are part of the key, so that they are
// taken apart once only.
func (c *Call) seriesOf(f frame, gauge bool) (*series, int64) {
	name, ok := f.bytes(0)
	if !ok {
		return nil, int64(CodeFault)
	}
	labels, ok := f.bytes(2)
	if !ok {
		return nil, int64(CodeFault)
	}
	if len(name)+len(labels) > maxSeriesKey {
		return nil, c.refuse(CodeLimit, errSeries)
	}
	key := c.seriesKey(name, labels, gauge)
	if s := c.host.metrics.find(key); s != nil {
		return s, 0
	}
	metric, ok := parseMetric(name, labels, gauge)
	if !ok {
		return nil, int64(CodeInvalid)
	}
	s := c.host.metrics.make(key, metric)
	if s == nil {
		return nil, c.refuse(CodeLimit, errSeries)
	}
	return s, 0
}

var errSeries = &abi.Error{Kind: abi.Limit, Err: errors.New("too many metrics, or too long a name")}

// seriesKey returns a key that tells all series apart.
func (c *Call) seriesKey(name, labels []byte, gauge bool) []byte {
	kind := byte('c')
	if gauge {
		kind = 'g'
	}
	b := append(c.scratch[:0], kind)
	b = append(b, name...)
	b = append(b, 0) // no name that is valid has one
	c.scratch = append(b, labels...)
	return c.scratch
}

// parseMetric checks name and labels.
func parseMetric(name, labels []byte, gauge bool) (m abi.Metric, ok bool) {
	const total = "_total" // exporters append it to counters
	if !validIdentifier(name, maxMetricName) || hasSuffix(name, total) {
		return m, false
	}
	pairs, ok := readPairs(nil, labels)
	if !ok || len(pairs) > maxLabels {
		return m, false
	}
	m = abi.Metric{Name: string(name), Gauge: gauge}
	for i, p := range pairs {
		if pairs.Index(p.Name, i+1) >= 0 || !validLabel(p) {
			return m, false
		}
		m.Labels = append(m.Labels, abi.Label{Name: string(p.Name), Value: string(p.Value)})
	}
	return m, true
}

func hasSuffix(b []byte, suffix string) bool {
	return len(b) >= len(suffix) && string(b[len(b)-len(suffix):]) == suffix
}

// validLabel leaves the name plugin and names that begin with two underscores
// to exporters.
func validLabel(f abi.Field) bool {
	return validIdentifier(f.Name, maxLabelName) && string(f.Name) != "plugin" &&
		(len(f.Name) < 2 || string(f.Name[:2]) != "__") &&
		len(f.Value) <= maxLabelValue && utf8.Valid(f.Value)
}

// validIdentifier reports whether b is [a-z_][a-z0-9_]*.
func validIdentifier(b []byte, limit int) bool {
	for i, c := range b {
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(b) > 0 && len(b) <= limit
}
