package sallyport

import "encoding/json"

// Gateway sends log lines, metrics and states to the gateway. Its methods may be
// called at any time and concurrently.
type Gateway struct {
	// Sandbox is what confines the process, as the gateway said: an object.
	Sandbox json.RawMessage

	s *server
}

// Level is the severity of a log line.
type Level string

// The levels.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Fail  Level = "error"
)

// Log adds a line to the gateway's log. attrs must be encodable as JSON; what
// is not is left out.
func (g *Gateway) Log(level Level, text string, attrs map[string]any) {
	g.notify("log", logParams{level, text, attrs, ""})
}

// Count adds to a counter.
func (g *Gateway) Count(name string, delta float64, labels map[string]string) {
	g.notify("metric", metricParams{name, "counter", delta, labels})
}

// Gauge sets a gauge.
func (g *Gateway) Gauge(name string, value float64, labels map[string]string) {
	g.notify("metric", metricParams{name, "gauge", value, labels})
}

// State is how well a process works, as it reports it.
type State string

// The states.
const (
	Ready     State = "ready"
	Degraded  State = "degraded"
	Overloads State = "overloaded"
)

// Status tells the gateway the state, and how many calls it may have in flight
// from now on; 0 leaves that as it is.
func (g *Gateway) Status(s State, maxInFlight int) {
	g.notify("status", statusParams{s, maxInFlight})
}

// Log adds a line to the gateway's log, joined with the request.
func (c *Call) Log(level Level, text string, attrs map[string]any) {
	c.Gateway.notify("log", logParams{level, text, attrs, c.RequestID})
}

type (
	logParams struct {
		Level     Level          `json:"level"`
		Message   string         `json:"msg"`
		Attrs     map[string]any `json:"attrs,omitempty"`
		RequestID string         `json:"request_id,omitempty"`
	}
	metricParams struct {
		Name   string            `json:"name"`
		Kind   string            `json:"kind"`
		Value  float64           `json:"value"`
		Labels map[string]string `json:"labels,omitempty"`
	}
	statusParams struct {
		State       State `json:"state"`
		MaxInFlight int   `json:"max_in_flight,omitempty"`
	}
)

// notify sends a notification; nil and unencodable ones are dropped, because
// nobody waits for them.
func (g *Gateway) notify(method string, params any) {
	if g == nil {
		return
	}
	b, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", method, params})
	if err == nil {
		g.s.out.put(append(b, '\n'))
	}
}
