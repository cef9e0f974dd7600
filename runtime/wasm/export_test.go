package wasm

import (
	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// Reinstantiate makes r load plugins without an image, as those are that
// cannot be restored.
func (r *Runtime) Reinstantiate() *Runtime {
	r.reinstantiate = true
	return r
}

// Instrument changes how r instruments the plugins that it loads.
func (r *Runtime) Instrument(change func(*rewrite.Options)) *Runtime {
	change(&r.options)
	return r
}

// AddFormat makes r recognise one more guest ABI before all others, by a
// module that its guests import from.
func (r *Runtime) AddFormat(name, from string, contract func() guest.Contract) *Runtime {
	r.formats = append([]format{{
		name: name, matches: imports(from, ""),
		new: func(*Runtime, abi.Spec, *output) (guest.Contract, error) { return contract(), nil },
	}}, r.formats...)
	return r
}

// AwaitCompilations waits for those that go on although their Load has ended,
// and for what Close has left to them.
func (r *Runtime) AwaitCompilations() {
	c := &r.compilations
	ended := make(chan struct{})
	c.mu.Lock()
	before := c.last
	c.last = func() { before(); close(ended) }
	running := c.running
	c.mu.Unlock()
	if running > 0 {
		<-ended
	}
}
