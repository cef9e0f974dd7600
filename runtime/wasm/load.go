package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
	"github.com/c386954a/sallyport/runtime/wasm/guest/js"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// Load reads, checks, instruments and compiles the plugin, starts it once, and
// takes the image that fresh instances begin with.
// Every error is of kind Refused and names the file.
func (r *Runtime) Load(ctx context.Context, s abi.Spec) (abi.Plugin, error) {
	binary, err := r.readCode(s)
	if err != nil {
		return nil, refuse(s, err)
	}
	p, err := r.build(ctx, s, binary)
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

// readCode reads the module of a plugin and checks its digest, before anything
// parses it. That of a script is the engine.
func (r *Runtime) readCode(s abi.Spec) ([]byte, error) {
	if isScript(s) {
		return js.Engine()
	}
	return artifact.Read(s.Source, r.config.maxSource(), s.SHA256)
}

// build makes the plugin out of its binary.
func (r *Runtime) build(ctx context.Context, s abi.Spec, binary []byte) (*plugin, error) {
	p, err := r.newPlugin(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, binary); err != nil {
		p.release(ctx)
		return nil, err
	}
	return p, nil
}

// prepare instruments and compiles the binary, checks it, and makes the first
// instance.
func (p *plugin) prepare(ctx context.Context, binary []byte) (err error) {
	if err := p.linkHost(ctx); err != nil {
		return err
	}
	if err := p.compile(ctx, binary); err != nil {
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

// compile instruments the binary and compiles what comes out.
func (p *plugin) compile(ctx context.Context, binary []byte) (err error) {
	instrumented, report, err := rewrite.Rewrite(binary, p.options)
	if err != nil {
		return err
	}
	p.report = report
	if report.Memory.HasMax {
		p.memory = min(p.memory, int64(report.Memory.Max)*snapshot.PageSize)
	}
	done := p.compiling(p.spec.Name)
	defer done()
	if p.code, err = p.engine.CompileModule(ctx, instrumented); err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	return nil
}
