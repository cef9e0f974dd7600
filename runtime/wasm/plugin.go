package wasm

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// plugin is one loaded guest. It is safe for concurrent use.
type plugin struct {
	spec         abi.Spec
	memory       int64 // bytes of one instance at most
	timeout      time.Duration
	startTimeout time.Duration
	engine       wazero.Runtime
	code         wazero.CompiledModule
	contract     guest.Contract
	output       *output
	log          zerolog.Logger
	pool         *instancePool
	report       *rewrite.ModuleReport
	image        *snapshot.Image // nil if instances cannot be reset
	fallback     *fallback
	reason       atomic.Pointer[string] // why instances are not reset in the best way

	caps          snapshot.Capabilities
	quota         *quota
	strategy      snapshot.Strategy
	depthLimit    int32 // slots of the native stack
	reinstantiate bool
	compiling     func(plugin string) (done func())
	compilations  *compilations
	abandoned     bool // the compilation goes on, and closes the engine when it ends

	// life ends when the plugin has to stop what it is running. It is the
	// parent of all calls into the guest, not a carrier of request state.
	life context.Context
	stop context.CancelFunc
}

var _ abi.Plugin = (*plugin)(nil)

// newPlugin returns a plugin of which the code is not compiled yet.
func (r *Runtime) newPlugin(ctx context.Context, s abi.Spec, m *module) (*plugin, error) {
	if s.Limits.Memory > snapshot.MaxLimit {
		return nil, errMemoryLimit
	}
	log := r.log.With().Str("plugin", s.Name).Logger()
	out := newOutput(log)
	contract, err := m.format.new(r, s, out)
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &plugin{
		spec: s, contract: contract, output: out, log: log, life: life, stop: stop,
		memory: cmp.Or(s.Limits.Memory, defaultMemory), timeout: cmp.Or(s.Limits.Timeout, defaultTimeout),
		startTimeout: cmp.Or(r.config.StartTimeout, m.format.startTimeout, defaultStartTimeout),
		report:       m.report, depthLimit: int32(m.depthLimit), fallback: &fallback{},
		caps: r.caps, quota: r.quota, strategy: r.config.Strategy,
		reinstantiate: r.reinstantiate, compiling: r.config.compiling, compilations: &r.compilations,
	}
	if m.report.Memory.HasMax {
		p.memory = min(p.memory, int64(m.report.Memory.Max)*snapshot.PageSize)
	}
	p.engine = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCompilationCache(r.cache))
	p.pool = newPool(p, s.Instances, cmp.Or(r.config.IdleTimeout, defaultIdleTimeout))
	return p, nil
}

var errMemoryLimit = errors.New("limits: memory is at most 1 GiB")

var _ abi.Measurer = (*plugin)(nil)

// Metrics yields what the guest measured so far.
func (p *plugin) Metrics() iter.Seq[abi.Metric] {
	if m, ok := p.contract.(abi.Measurer); ok {
		return m.Metrics()
	}
	return func(func(abi.Metric) bool) {}
}

// Declares returns what the guest implements.
func (p *plugin) Declares() abi.Declaration { return p.contract.Declares() }

// Call runs the hook in one instance.
func (p *plugin) Call(x *abi.Exchange) (abi.Verdict, error) {
	if !p.Declares().Hooks.Has(x.Hook) {
		return abi.Continue, abi.Errorf(abi.Protocol, "plugin %s does not implement %s", p.spec.Name, x.Hook)
	}
	deadline := x.Deadline
	if deadline.IsZero() {
		deadline = time.Now().Add(p.timeout)
	}
	i, err := p.pool.get(deadline, x.Gone)
	if err != nil {
		return abi.Continue, err
	}
	v, err := i.run(x, deadline)
	if i.reusable(err) {
		p.pool.put(i)
	} else {
		p.pool.discard(i)
	}
	return v, err
}

// Close waits for the calls that are running. Those that still run when ctx ends
// are stopped. A second Close does nothing.
func (p *plugin) Close(ctx context.Context) error {
	if p.pool.close(ctx, p.stop) {
		p.release(context.WithoutCancel(ctx))
	}
	return nil
}

// release frees what the engine holds. Nothing may be running.
func (p *plugin) release(ctx context.Context) {
	p.stop()
	p.output.flush()
	p.contract.Close()
	if p.image != nil {
		p.image.Close()
	}
	if !p.abandoned {
		p.closeEngine(ctx)
	}
}

// closeEngine frees the machine code.
func (p *plugin) closeEngine(ctx context.Context) {
	if p.code != nil {
		_ = p.code.Close(ctx) // only frees memory, and always succeeds
	}
	if err := p.engine.Close(ctx); err != nil {
		p.log.Error().Err(err).Msg("close of the engine failed")
	}
}
