package native

import (
	"errors"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
)

// Limits of what the guests of one plugin measure.
const (
	maxSeries    = 256     // names and labels together
	maxSeriesKey = 1 << 10 // bytes
)

// metricAdd (name, name_len, labels, labels_len, value) adds to a counter.
func metricAdd(c *Call, f hostFrame) int64 { return c.measure(f, false) }

// metricSet (name, name_len, labels, labels_len, value) sets a gauge.
func metricSet(c *Call, f hostFrame) int64 { return c.measure(f, true) }

func (c *Call) measure(f hostFrame, gauge bool) int64 {
	value := f.f64(4)
	if telemetry.CheckValue(gauge, value) != nil {
		return int64(CodeInvalid)
	}
	s, code := c.seriesOf(f, gauge)
	if code == 0 {
		s.Record(value)
	}
	return code
}

// seriesOf returns the series that (name, name_len, labels, labels_len) name.
// It is kept by what the guest wrote, so that the labels are parsed only once.
func (c *Call) seriesOf(f hostFrame, gauge bool) (*telemetry.Series, int64) {
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
	if s := c.host.metrics.Find(key); s != nil {
		return s, 0
	}
	metric, ok := parseMetric(name, labels, gauge)
	if !ok {
		return nil, int64(CodeInvalid)
	}
	s, err := c.host.metrics.Make(key, metric)
	switch {
	case errors.Is(err, telemetry.ErrTooMany):
		return nil, c.refuse(CodeLimit, errSeries)
	case err != nil:
		return nil, int64(CodeInvalid)
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

// parseMetric takes the labels apart.
func parseMetric(name, labels []byte, gauge bool) (m abi.Metric, ok bool) {
	pairs, ok := readPairs(nil, labels)
	if !ok {
		return m, false
	}
	m = abi.Metric{Name: string(name), Gauge: gauge}
	for _, p := range pairs {
		m.Labels = append(m.Labels, abi.Label{Name: string(p.Name), Value: string(p.Value)})
	}
	return m, true
}
