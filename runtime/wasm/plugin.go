package wasm

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
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
	contract     contract
	output       *output
	log          zerolog.Logger
	pool         *pool
	report       *rewrite.Report
	image        *snapshot.Image // nil if instances cannot be reset
	fallback     *fallback
	reason       atomic.Pointer[string] // why instances are not reset as they might be

	caps          snapshot.Capabilities
	quota         *quota
	strategy      snapshot.Strategy
	options       rewrite.Options
	reinstantiate bool
	compiling     func(plugin string) (done func())

	// life ends when the plugin has to stop what it is running. It is the
	// parent of all calls into the guest, not a carrier of request state.
	life context.Context
	stop context.CancelFunc
}

var _ abi.Plugin = (*plugin)(nil)

// newPlugin returns a plugin without code.
func (r *Runtime) newPlugin(ctx context.Context, s abi.Spec) (*plugin, error) {
	log := r.log.With().Str("plugin", s.Name).Logger()
	out := newOutput(log)
	contract, err := r.newContract(s, out)
	if err != nil {
		return nil, err
	}
	if s.Limits.Memory > snapshot.MaxLimit {
		return nil, errMemoryLimit
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &plugin{
		spec: s, contract: contract, output: out, log: log, life: life, stop: stop,
		memory:       orDefault(s.Limits.Memory, defaultMemory),
		timeout:      orDefault(s.Limits.Timeout, defaultTimeout),
		startTimeout: r.config.startTimeout(isScript(s)),
		fallback:     &fallback{},
		caps:         r.caps, quota: r.quota, strategy: r.config.Strategy,
		options: r.options, reinstantiate: r.reinstantiate, compiling: r.config.compiling,
	}
	if isScript(s) {
		p.options.DepthLimit = scriptDepthLimit
	}
	p.engine = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCompilationCache(r.cache))
	p.pool = newPool(p, s.Instances, r.config.idleTimeout())
	return p, nil
}

var errMemoryLimit = errors.New("limits: memory is at most 1 GiB")

// orDefault returns v, or the default if v is zero.
func orDefault[T int | int64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
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
	i, err := p.pool.get(deadline)
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

// Close waits for calls in flight. Those that still run when ctx ends are
// stopped. A second Close does nothing.
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
	if p.code != nil {
		_ = p.code.Close(ctx) // only frees memory, and always succeeds
	}
	if err := p.engine.Close(ctx); err != nil {
		p.log.Error().Err(err).Msg("close of the engine failed")
	}
}
