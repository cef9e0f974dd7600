package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/c386954a/sallyport/abi"
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
	binary, err := readFile(s.Source, r.config.maxSource())
	if err != nil {
		return nil, err
	}
	return binary, checkDigest(binary, s.SHA256)
}

// readFile reads a file that is not larger than the limit.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is in the message already
	}
	defer f.Close()
	binary, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(binary)) > limit {
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	return binary, nil
}

func checkDigest(binary []byte, want string) error {
	if want == "" {
		return nil
	}
	digest := sha256.Sum256(binary)
	got := hex.EncodeToString(digest[:])
	if !strings.EqualFold(got, want) {
		return fmt.Errorf("sha256 is %s, want %s", got, strings.ToLower(want))
	}
	return nil
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
