package js

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
)

// Guest is the engine in one instance, with the script in it. It belongs to
// one goroutine at a time.
type Guest struct {
	program *Program
	layout  *layout
	machine machine
	late    func()

	x        *abi.Exchange // nil while the script is loaded
	deadline time.Time
	logged   int    // bytes of log lines in this call
	input    []byte // what is written into the guest
}

// guestKey is the key under which a context carries a *Guest.
type guestKey struct{}

// Context returns a context by which host functions find the guest.
func (g *Guest) Context(parent context.Context) context.Context {
	g.machine.ctx = context.WithValue(parent, guestKey{}, g)
	return g.machine.ctx
}

// Bind gives the guest its module.
func (g *Guest) Bind(module api.Module) { g.machine.bind(module) }

// Refused returns nil: host functions tell the script.
func (g *Guest) Refused() error { return nil }

// Shed gives up native stacks.
func (g *Guest) Shed() { g.machine.functions = [levels][exportCount]api.Function{} }

// begin gives host functions the exchange of a call.
func (g *Guest) begin(x *abi.Exchange, deadline time.Time) {
	g.x, g.deadline, g.logged = x, deadline, 0
	g.machine.err, g.machine.level = nil, fromHost
}

// maxInput is the largest buffer a guest keeps between calls.
const maxInput = 64 << 10

func (g *Guest) end() {
	g.x = nil
	if cap(g.input) > maxInput {
		g.input = nil
	}
}

// Run calls the hook of x. An error that is not an *abi.Error is the engine's.
func (g *Guest) Run(_ context.Context, x *abi.Exchange, deadline time.Time) (abi.Verdict, error) {
	g.begin(x, deadline)
	defer g.end()
	result, err := g.hook(x)
	if err != nil {
		return abi.Continue, err
	}
	return g.program.apply(x, result)
}
