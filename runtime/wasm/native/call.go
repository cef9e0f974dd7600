package native

import (
	"context"

	"github.com/c386954a/sallyport/abi"
)

// Call is what the host functions of one instance know of the hook that is
// running in it.
type Call struct {
	host *Host

	x       *abi.Exchange
	written int    // bytes of bodies written in this call
	scratch []byte // for values that have to be put together
}

// callKey is the key under which a context carries a *Call.
type callKey struct{}

// NewCall returns the state of one instance.
func (h *Host) NewCall() *Call { return &Call{host: h} }

// Context returns a context by which host functions find c. It is made once
// per instance: every call into the guest must use it or one derived from it.
func (c *Call) Context(parent context.Context) context.Context {
	return context.WithValue(parent, callKey{}, c)
}

// Begin gives the host functions the exchange of the hook that is about to
// run.
func (c *Call) Begin(x *abi.Exchange) { c.x, c.written = x, 0 }

// End takes the exchange away from them.
func (c *Call) End() {
	c.x = nil
	if cap(c.scratch) > maxScratch {
		c.scratch = nil
	}
}

// Exchange returns the exchange of the hook that is running, or nil.
func (c *Call) Exchange() *abi.Exchange { return c.x }

// maxScratch is the largest buffer an instance keeps between calls.
const maxScratch = 64 << 10
