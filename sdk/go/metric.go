package sallyport

// Metrics are what the plugin counts and measures, for the monitoring of the
// gateway. Names are [a-z_][a-z0-9_]* and do not end in _total.
//
// Labels are given as name, value, name, value, …: at most four. Each
// combination of a name and its labels is a series of its own, and a plugin
// has at most 256 of them: beyond that the methods fail with [ErrLimit], and
// what makes a label should come from a short list, never from the client.
type Metrics struct{ x *Exchange }

// Add adds to a counter. What it adds is not negative.
//
//	x.Metrics.Add("lookups", 1, "outcome", "hit")
func (m Metrics) Add(name string, n float64, labels ...string) error {
	m.x.scratch = appendList(m.x.scratch[:0], labels)
	return check(hostMetricAdd(&m.x.host, name, m.x.scratch, n))
}

// Set sets a gauge.
func (m Metrics) Set(name string, value float64, labels ...string) error {
	m.x.scratch = appendList(m.x.scratch[:0], labels)
	return check(hostMetricSet(&m.x.host, name, m.x.scratch, value))
}
