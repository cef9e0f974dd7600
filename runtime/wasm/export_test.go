package wasm

import "github.com/c386954a/sallyport/runtime/wasm/rewrite"

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
