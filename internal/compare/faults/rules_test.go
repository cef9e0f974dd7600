package faults_test

import (
	"testing"

	"github.com/c386954a/sallyport/internal/compare/faults"
)

// calm is a cell in which all went well.
func calm(model, fault string) *faults.Cell {
	c := &faults.Cell{
		Model: model, Fault: fault, Does: "Does harm.", Timeout: 300, Back: new(0.5), Busy: new(0.0), Processes: new(1),
		Got: faults.Strike{Requests: 2, Status: 500, Statuses: map[string]int{"500": 2}, After: 1, Slowest: 2},
		Memory: faults.MemoryUse{
			Limit: 64 << 20, Peak: new(int64(1 << 20)), After: new(int64(1 << 20)), Plugin: new(int64(0)),
		},
	}
	for _, n := range []*faults.Neighbour{
		&c.Neighbours.SameAPI, &c.Neighbours.SamePlugin, &c.Neighbours.SameModel, &c.Neighbours.OtherAPI,
	} {
		n.Requests = 50
	}
	if model == faults.Process {
		c.ProcessLimit, c.Memory.Limit = 64, 256<<20
	}
	return c
}

func TestVerdictsFollowFromTheFigures(t *testing.T) {
	for _, c := range []struct {
		name         string
		model, fault string
		change       func(*faults.Cell)
		want         faults.Judgement
	}{
		{"all went well", faults.Wasm, "crash", func(*faults.Cell) {}, faults.Contained},
		{"the gateway died", faults.Wasm, "crash", func(c *faults.Cell) { c.Died = "signal: killed" }, faults.NotContained},
		{"a stranger failed", faults.Wasm, "hang", func(c *faults.Cell) { c.Neighbours.OtherAPI.Failed = 1 }, faults.NotContained},
		{"a neighbour in the API failed", faults.Wasm, "hang", func(c *faults.Cell) { c.Neighbours.SameAPI.Failed = 1 }, faults.Degraded},
		{"a neighbour of the plugin failed", faults.Wasm, "hang", func(c *faults.Cell) { c.Neighbours.SamePlugin.Failed = 1 }, faults.Degraded},
		{"a neighbour of the model failed", faults.Wasm, "hang", func(c *faults.Cell) { c.Neighbours.SameModel.Failed = 1 }, faults.Degraded},
		{"the file was read", faults.Wasm, "file", func(c *faults.Cell) { c.Got.Escaped = "canary" }, faults.NotContained},
		{"the forbidden server was reached", faults.Wasm, "socket", func(c *faults.Cell) { c.Got.Intruded = 1 }, faults.NotContained},
		{"an attempt to escape went on", faults.Wasm, "file", func(c *faults.Cell) { c.Got.Through = 2 }, faults.Contained},
		{"a broken call went on", faults.Wasm, "crash", func(c *faults.Cell) { c.Got.Through = 1 }, faults.NotContained},
		{"an answer was another's", faults.Wasm, "deadline", func(c *faults.Cell) { c.Got.Wrong = 1 }, faults.NotContained},
		{"no answer", faults.Wasm, "hang", func(c *faults.Cell) { c.Got.Statuses = map[string]int{"504": 1, "none": 1} }, faults.NotContained},
		{"an answer just late", faults.Wasm, "hang", func(c *faults.Cell) { c.Got.Slowest = 1299 }, faults.Contained},
		{"an answer too late", faults.Wasm, "hang", func(c *faults.Cell) { c.Got.Slowest = 1301 }, faults.NotContained},
		{"memory within the limits", faults.Wasm, "memory-bomb", func(c *faults.Cell) { c.Memory.Peak = new(int64(190 << 20)) }, faults.Contained},
		{"memory above the limits", faults.Wasm, "memory-bomb", func(c *faults.Cell) { c.Memory.Peak = new(int64(194 << 20)) }, faults.NotContained},
		{"memory of the gateway for a process", faults.Process, "memory-bomb", func(c *faults.Cell) { c.Memory.Peak = new(int64(70 << 20)) }, faults.NotContained},
		{"memory of the process within its limit", faults.Process, "memory-bomb", func(c *faults.Cell) { c.Memory.Plugin = new(int64(256 << 20)) }, faults.Contained},
		{"memory of the process above its limit", faults.Process, "memory-bomb", func(c *faults.Cell) { c.Memory.Plugin = new(int64(321 << 20)) }, faults.NotContained},
		{"processes within the limit", faults.Process, "fork-bomb", func(c *faults.Cell) { c.Processes = new(64) }, faults.Contained},
		{"processes above the limit", faults.Process, "fork-bomb", func(c *faults.Cell) { c.Processes = new(65) }, faults.NotContained},
		{"never back", faults.Wasm, "crash", func(c *faults.Cell) { c.Back = nil }, faults.NotContained},
		{"slowly back", faults.Process, "crash", func(c *faults.Cell) { c.Back = new(120.0) }, faults.Degraded},
		{"state left in the sandbox", faults.Wasm, "leak-requests", func(c *faults.Cell) { c.Got.Escaped = "x" }, faults.NotContained},
		{"state left in a process", faults.Process, "leak-apis", func(c *faults.Cell) { c.Got.Escaped = "x" }, faults.ByDesign},
		{"state left, and strangers failed", faults.Process, "leak-apis", func(c *faults.Cell) { c.Got.Escaped, c.Neighbours.OtherAPI.Failed = "x", 1 }, faults.NotContained},
		{"work went on", faults.Process, "hang", func(c *faults.Cell) { c.Busy = new(0.9) }, faults.Degraded},
		{"the log was flooded", faults.Process, "log-flood", func(c *faults.Cell) { c.Logged = 5 << 20 }, faults.Degraded},
		{"the system does not tell", faults.Wasm, "memory-bomb", func(c *faults.Cell) { c.Memory.Peak, c.Busy, c.Processes = nil, nil, nil }, faults.Contained},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell := calm(c.model, c.fault)
			c.change(cell)
			cell.Judge()
			if cell.Verdict != c.want || cell.Why == "" {
				t.Errorf("verdict %q because %q, want %q", cell.Verdict, cell.Why, c.want)
			}
		})
	}
}
