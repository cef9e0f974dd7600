package faults

// Judgement is what a cell comes to, see the package comment.
type Judgement string

// The verdicts, the worst first.
const (
	NotContained Judgement = "not contained"
	ByDesign     Judgement = "by design"
	Degraded     Judgement = "degraded"
	Contained    Judgement = "contained"
)

// Cell is one fault in one model: what was measured, and the verdict on it.
// Times are in milliseconds, sizes in bytes.
type Cell struct {
	Model   string    `json:"model"`
	Fault   string    `json:"fault"`
	Does    string    `json:"does"`    // what the plugin does, one sentence
	Verdict Judgement `json:"verdict"` // empty if the cell could not be measured
	Why     string    `json:"why"`     // one sentence
	Error   string    `json:"error,omitempty"`

	Timeout    float64    `json:"timeout_ms"` // of the plugin
	Got        Strike     `json:"got"`
	Neighbours Neighbours `json:"neighbours"`
	Memory     MemoryUse  `json:"memory"`

	// Back is how long after the last answer to a faulty request the attacked
	// API served a harmless one; nil if it did not within [backPatience].
	Back *float64 `json:"back_ms"`

	// Busy is how many processors were at work after the faulty requests had
	// been answered, more than before; nil if the system does not tell.
	Busy *float64 `json:"busy_after"`

	// Logged is how many bytes of log the gateway wrote until the last faulty
	// request had its answer.
	Logged int64 `json:"log_bytes"`

	// Processes is how many processes the gateway had started at most; nil if
	// the system does not tell.
	Processes    *int `json:"processes"`
	ProcessLimit int  `json:"process_limit"` // 0: the model starts none

	Died string  `json:"died,omitempty"` // how the gateway ended, if it did
	Took float64 `json:"took_ms"`        // to measure the cell
}

// MemoryUse is what the attack took. Figures are resident sizes: how much more
// than just before the attack.
type MemoryUse struct {
	Limit  int64  `json:"limit"`        // of one instance, or of the external process
	Peak   *int64 `json:"gateway_peak"` // of the gateway, at most; nil if the system does not tell
	After  *int64 `json:"gateway_after"`
	Plugin *int64 `json:"process_peak"` // of what the gateway has started
}

func (c *Cell) model() Model {
	m, _ := ModelByID(c.Model)
	return m
}

func (c *Cell) fault() Scenario {
	f, _ := FaultByID(c.Fault)
	return f
}

// shared returns the neighbours that have the plugin, the API or the model in
// common with the faulty requests.
func (n *Neighbours) shared() (failed, requests int) {
	for _, k := range []Neighbour{n.SameAPI, n.SamePlugin, n.SameModel} {
		failed += k.Failed
		requests += k.Requests
	}
	return failed, requests
}
