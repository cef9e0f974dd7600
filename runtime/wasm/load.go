package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/native"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// Load reads, checks and compiles the plugin and starts one instance of it.
// Every error is of kind Refused and names the file.
func (r *Runtime) Load(ctx context.Context, s abi.Spec) (abi.Plugin, error) {
	binary, err := readSource(s, r.config.maxSource())
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
	return abi.Errorf(abi.Refused, "wasm plugin %s: %s: %w", s.Name, s.Source, err)
}

// readSource reads the file and checks its digest, before anything parses it.
func readSource(s abi.Spec, limit int64) ([]byte, error) {
	f, err := os.Open(s.Source)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is in the message already
	}
	defer f.Close() //nolint:errcheck // nothing was written
	binary, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(binary)) > limit {
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	return binary, checkDigest(binary, s.SHA256)
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
	if err := checkImports(p.code, p.spec); err != nil {
		return err
	}
	if err := checkExports(p.code, p.memory); err != nil {
		return err
	}
	if p.declares, err = native.Declare(p.code); err != nil {
		return err
	}
	if err := checkHooks(p.declares.Hooks, p.spec.Hooks); err != nil {
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

// linkHost makes the modules that guests import from.
func (p *plugin) linkHost(ctx context.Context) error {
	if err := instantiateWASI(ctx, p.engine); err != nil {
		return err
	}
	if err := native.Instantiate(ctx, p.engine); err != nil {
		return fmt.Errorf("link host functions: %w", err)
	}
	return nil
}

// checkImports reports everything the guest imports that the sandbox does not
// offer to it, all at once.
func checkImports(code wazero.CompiledModule, s abi.Spec) error {
	var wrong []string
	for _, def := range code.ImportedFunctions() {
		module, name, _ := def.Import()
		var err error
		switch module {
		case native.Module:
			err = native.Link(def, s)
		case wasi_snapshot_preview1.ModuleName:
			err = linkWASI(def)
		default:
			err = errUnknownModule
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s.%s: %v", module, name, err))
		}
	}
	for _, def := range code.ImportedMemories() {
		module, name, _ := def.Import()
		wrong = append(wrong, fmt.Sprintf("%s.%s: memory cannot be imported", module, name))
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("imports that the sandbox does not offer to it: %s", strings.Join(wrong, "; "))
}

var errUnknownModule = errors.New("unknown module")

// checkExports reports what every guest must export and this one does not.
func checkExports(code wazero.CompiledModule, limit int64) error {
	memory, ok := code.ExportedMemories()["memory"]
	if !ok {
		return errors.New("the linear memory is not exported as memory")
	}
	if size := int64(memory.Min()) * snapshot.PageSize; size > limit {
		return fmt.Errorf("needs %d bytes of memory to start, the limit is %d", size, limit)
	}
	functions := code.ExportedFunctions()
	for _, name := range [...]string{"_initialize", warmup} {
		if f := functions[name]; f != nil && len(f.ParamTypes())+len(f.ResultTypes()) > 0 {
			return fmt.Errorf("%s is not a function () -> ()", name)
		}
	}
	if functions["_start"] != nil && functions["_initialize"] == nil {
		return errors.New("is a command; build it as a reactor, which exports _initialize (Go: -buildmode=c-shared, clang: -mexec-model=reactor)")
	}
	return nil
}

// checkHooks reports hooks that the configuration uses and the guest does not
// implement.
func checkHooks(has, wants abi.HookSet) error {
	if missing := wants &^ has; missing != 0 {
		return fmt.Errorf("does not implement %s: it exports hooks for: %s", missing, orNone(has))
	}
	return nil
}

func orNone(s abi.HookSet) string {
	if s == 0 {
		return "none"
	}
	return s.String()
}
