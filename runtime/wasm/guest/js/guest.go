package js

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/loglimit"
)

// scriptGuest is the engine in one instance, with the script in it. It belongs to
// one goroutine at a time.
type scriptGuest struct {
	program   *Program
	layout    *layout
	machine   quickjs
	interrupt func()

	x        *abi.Exchange // nil while the script is loaded
	deadline time.Time
	logged   loglimit.Budget
	input    []byte // what is written into the guest
}

// guestKey is the key under which a context carries a *scriptGuest.
type guestKey struct{}

// Context returns a context by which host functions find the guest.
func (g *scriptGuest) Context(parent context.Context) context.Context {
	return context.WithValue(parent, guestKey{}, g)
}

// Bind gives the guest its module.
func (g *scriptGuest) Bind(module api.Module) { g.machine.bind(module) }

// DropStack frees native stacks.
func (g *scriptGuest) DropStack() { g.machine.functions = [levels][exportCount]api.Function{} }

// begin gives host functions the exchange of a call.
func (g *scriptGuest) begin(ctx context.Context, x *abi.Exchange, deadline time.Time) {
	g.x, g.deadline, g.logged = x, deadline, 0
	g.machine.ctx = ctx //nolint:fatcontext // it takes the place of the last one
	g.machine.err, g.machine.level = nil, fromHost
}

// maxInput is the largest buffer a guest keeps between calls.
const maxInput = 64 << 10

func (g *scriptGuest) end() {
	g.x = nil
	if cap(g.input) > maxInput {
		g.input = nil
	}
}

// Run calls the hook of x. An error that is not an *abi.Error is the engine's.
func (g *scriptGuest) Run(ctx context.Context, x *abi.Exchange, deadline time.Time) (abi.Verdict, error) {
	g.begin(ctx, x, deadline)
	defer g.end()
	result, err := g.hook(x)
	if err != nil {
		return abi.Continue, err
	}
	return g.program.options.Apply(x, result, nil)
}
