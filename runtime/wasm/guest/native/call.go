package native

import (
	"context"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

// Call is what the host functions of one instance know of the hook that is
// running in it.
type Call struct {
	host *Host

	x        *abi.Exchange
	deadline time.Time              // of the hook; never zero in a call
	refused  error                  // why the host last refused something
	written  int                    // bytes of bodies written in this call
	response *outbound.HTTPResponse // of the last request of the guest in this call
	scratch  []byte                 // for values that have to be put together
	pairs    abi.Header             // for lists that the guest wrote
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
func (c *Call) Begin(x *abi.Exchange) {
	c.x, c.written, c.refused = x, 0, nil
	c.deadline = x.Deadline
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(c.host.timeout)
	}
}

// End takes the exchange away from them.
func (c *Call) End() {
	c.x, c.response = nil, nil
	clear(c.pairs) // they point to the guest's memory
	if cap(c.pairs) > abi.MaxFields {
		c.pairs = nil
	}
	if cap(c.scratch) > maxScratch {
		c.scratch = nil
	}
}

// Exchange returns the exchange of the hook that is running, or nil.
func (c *Call) Exchange() *abi.Exchange { return c.x }

// Refused returns why the host last refused something in this call, or nil. If
// the guest then breaks off, that is probably the reason.
func (c *Call) Refused() error { return c.refused }

// maxScratch is the largest buffer an instance keeps between calls.
const maxScratch = 64 << 10
