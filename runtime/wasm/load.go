package wasm

import (
	"context"
	"errors"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// Load reads, checks, instruments and compiles the plugin, starts it once, and
// takes the image that fresh instances begin with. Every error is of kind Refused and names the file.
func (r *Runtime) Load(ctx context.Context, s abi.Spec) (abi.Plugin, error) {
	p, err := r.build(ctx, s)
	if err != nil {
		return nil, refuse(s, err)
	}
	r.first.Do(r.announce)
	p.announce()
	return p, nil
}

func refuse(s abi.Spec, err error) error {
	if e, ok := errors.AsType[*abi.Error](err); ok && e.Kind == abi.Refused { // names the file already
		return abi.Errorf(abi.Refused, "wasm plugin %s: %w", s.Name, e.Err)
	}
	return abi.Errorf(abi.Refused, "wasm plugin %s: %s: %w", s.Name, s.Source, err)
}

// module is the code of a plugin, instrumented, and the guest ABI that it was
// recognised to have.
type module struct {
	format     *format
	code       []byte
	report     *rewrite.ModuleReport
	depthLimit int
}

// readModule reads the module of a plugin, checks its digest before anything
// parses it, and instruments it.
func (r *Runtime) readModule(s abi.Spec) (m *module, err error) {
	m = &module{format: r.byName(s.Source), depthLimit: r.options.DepthLimit}
	var binary []byte
	if m.format != nil {
		m.depthLimit = m.format.depthLimit
		binary, err = m.format.engine()
	} else {
		binary, err = artifact.Read(s.Source, r.config.maxSource(), s.SHA256)
	}
	if err != nil {
		return nil, err
	}
	options := r.options
	options.DepthLimit = m.depthLimit
	if m.code, m.report, err = rewrite.Rewrite(binary, options); err != nil {
		return nil, err
	}
	if m.format == nil {
		m.format, err = r.byModule(m.report)
	}
	return m, err
}

// build makes the plugin out of its module.
func (r *Runtime) build(ctx context.Context, s abi.Spec) (*plugin, error) {
	m, err := r.readModule(s)
	if err != nil {
		return nil, err
	}
	p, err := r.newPlugin(ctx, s, m)
	if err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, m.code); err != nil {
		p.release(ctx)
		return nil, err
	}
	return p, nil
}

// prepare compiles the code, checks it, and makes the first instance.
func (p *plugin) prepare(ctx context.Context, code []byte) error {
	if err := p.linkHost(ctx); err != nil {
		return err
	}
	if err := p.compile(ctx, code); err != nil {
		return err
	}
	if err := checkImports(p.code, p.contract); err != nil {
		return err
	}
	if err := checkExports(p.code, p.memory); err != nil {
		return err
	}
	if err := p.contract.Check(p.code); err != nil {
		return err
	}
	return p.ready(ctx)
}
