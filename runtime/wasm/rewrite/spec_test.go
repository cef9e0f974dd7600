package rewrite_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// specSuite is one folder of the specification's tests as they lie in the
// engine's source tree.
type specSuite struct {
	folder   string
	name     string
	features api.CoreFeatures
	opt      rewrite.Options
}

// TestSpec runs the WebAssembly specification's own tests on rewritten and on
// plain modules and demands what the specification demands of both.
func TestSpec(t *testing.T) {
	root := specRoot(t)
	suites := []specSuite{
		{folder: "v1", name: "v1", features: api.CoreFeaturesV1},
		{folder: "v2", name: "v2", features: api.CoreFeaturesV2},
		{folder: "v2", name: "yield at every check", features: api.CoreFeaturesV2, opt: rewrite.Options{Slice: 1}},
		{
			folder:   "tail-call",
			name:     "tail-call",
			features: tailCallFeatures,
			opt:      rewrite.Options{TailCalls: true},
		},
	}
	if !longtest.Enabled() {
		suites = suites[1:2] // the largest
	}
	for _, suite := range suites {
		for engine, config := range engines() {
			if engine == "interpreter" { // it has a stack of 2,000 frames of its own
				suite.opt.DepthLimit = 15_000
			}
			t.Run(suite.name+"/"+engine, func(t *testing.T) {
				runSuite(t, filepath.Join(root, suite.folder, "testdata"), suite, config)
			})
		}
	}
}

// specRoot finds the tests in the module cache.
func specRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	dir := filepath.Join(strings.TrimSpace(string(out)), "internal", "integration_test", "spectest")
	if _, statErr := os.Stat(dir); err != nil || statErr != nil {
		needs.Missing(t, "specification tests not found: run go mod download github.com/tetratelabs/wazero")
	}
	return dir
}

func runSuite(t *testing.T, dir string, suite specSuite, config wazero.RuntimeConfig) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	host, err := os.ReadFile(filepath.Join(dir, "..", "..", "testdata", "spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	total := specCounts{refused: map[string]string{}}
	for _, file := range files {
		s := &specScript{
			t: t, dir: dir, name: strings.TrimSuffix(filepath.Base(file), ".json"),
			opt: suite.opt, counts: &total,
		}
		s.run(file, host, config.WithCoreFeatures(suite.features))
	}
	t.Logf("%d scripts, %d assertions held rewritten and plain: %d returns, %d traps, %d exhaustions, %d rejected modules; %d commands on refused modules held plain only, %d not run, %d in text format skipped",
		len(files), total.returns+total.traps+total.exhausted+total.rejected,
		total.returns, total.traps, total.exhausted, total.rejected, total.plainOnly, total.lost, total.text)
	for _, name := range slices.Sorted(maps.Keys(total.refused)) {
		t.Logf("refused %s: %s", name, total.refused[name])
	}
}

type specCounts struct {
	returns, traps, exhausted, rejected, plainOnly, lost, text int

	refused map[string]string
}

// specScript plays one script on two runtimes side by side.
type specScript struct {
	t      *testing.T
	dir    string
	name   string
	opt    rewrite.Options
	counts *specCounts

	plain, rewritten *specWorld
	lost             bool // later commands miss a module
}

// specWorld is one runtime and the modules a script knows by name.
type specWorld struct {
	runtime wazero.Runtime
	named   map[string]*guest
	last    *guest
	all     []*guest
}

func newSpecWorld(ctx context.Context, config wazero.RuntimeConfig, host []byte) (*specWorld, error) {
	w := &specWorld{runtime: wazero.NewRuntimeWithConfig(ctx, config), named: map[string]*guest{}}
	_, err := w.runtime.Instantiate(ctx, host)
	return w, err
}

func (w *specWorld) module(name string) *guest {
	if name == "" {
		return w.last
	}
	return w.named[name]
}

func (s *specScript) run(file string, host []byte, config wazero.RuntimeConfig) {
	ctx := s.t.Context()
	raw, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	var script struct{ Commands []specCommand }
	if err := json.Unmarshal(raw, &script); err != nil {
		s.t.Fatal(err)
	}
	for _, w := range []**specWorld{&s.plain, &s.rewritten} {
		if *w, err = newSpecWorld(ctx, config, host); err != nil {
			s.t.Fatal(err)
		}
		defer (*w).runtime.Close(context.Background())
	}
	for i, c := range script.Commands {
		if c.Type == "module" && i+1 < len(script.Commands) && script.Commands[i+1].Type == "register" {
			c.As = script.Commands[i+1].As
		}
		s.command(ctx, c)
	}
}

func (s *specScript) errorf(c specCommand, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s:%d %s %s: "+format, append([]any{s.name, c.Line, c.Type, c.Action.Field}, args...)...)
}

func (s *specScript) command(ctx context.Context, c specCommand) {
	switch {
	case s.lost:
		s.counts.lost++
	case c.Type == "register":
	case c.ModuleType == "text":
		s.counts.text++
	case c.Type == "module":
		s.module(ctx, c)
	case c.Type == "assert_return" || c.Type == "action":
		s.assertReturn(ctx, c)
	case c.Type == "assert_trap":
		s.assertTrap(ctx, c)
	case c.Type == "assert_exhaustion":
		s.assertExhaustion(ctx, c)
	case c.Type == "assert_invalid" || c.Type == "assert_malformed":
		s.assertRejected(ctx, c)
	case c.Type == "assert_unlinkable" || c.Type == "assert_uninstantiable":
		s.assertNoInstance(ctx, c)
	default:
		s.errorf(c, "unknown command")
	}
}

func (s *specScript) read(c specCommand) []byte {
	b, err := os.ReadFile(filepath.Join(s.dir, c.Filename))
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s *specScript) module(ctx context.Context, c specCommand) {
	b := s.read(c)
	var err error
	s.plain.last, err = startPlain(ctx, s.plain.runtime, b, c.As)
	if err != nil {
		s.errorf(c, "plain: %v", err)
		return
	}
	s.rewritten.last, err = s.startRewritten(ctx, c, b)
	switch {
	case err == nil:
		s.rewritten.all = append(s.rewritten.all, s.rewritten.last)
	case s.counts.refused[c.id(s.name)] == "":
		s.errorf(c, "rewritten: %v", err)
	default: // it is plain, but imports a memory whose maximum rewriting has dropped
		s.counts.refused[c.id(s.name)] += "; the rest of the script is not run: " + err.Error()
		s.lost = true
	}
	if c.Name != "" {
		s.plain.named[c.Name], s.rewritten.named[c.Name] = s.plain.last, s.rewritten.last
	}
}

// startRewritten falls back to the plain module when the sandbox refuses it, so
// that later modules of the script find what they import.
func (s *specScript) startRewritten(ctx context.Context, c specCommand, b []byte) (*guest, error) {
	out, rep, err := rewrite.Rewrite(b, s.opt)
	if errors.Is(err, rewrite.ErrUnsupported) {
		s.counts.refused[c.id(s.name)] = err.Error()
		return startPlain(ctx, s.rewritten.runtime, b, c.As)
	}
	if err != nil {
		return nil, err
	}
	return start(ctx, s.rewritten.runtime, out, rep, c.As)
}

func startPlain(ctx context.Context, r wazero.Runtime, b []byte, name string) (*guest, error) {
	m, err := r.InstantiateWithConfig(ctx, b, wazero.NewModuleConfig().WithName(name).WithStartFunctions())
	if err != nil {
		return nil, err
	}
	return &guest{Module: m}, nil
}

// both invokes an action in both worlds.
func (s *specScript) both(ctx context.Context, c specCommand) (plain, rewritten specResult, ok bool) {
	p, r := s.plain.module(c.Action.Module), s.rewritten.module(c.Action.Module)
	if p == nil || r == nil {
		s.errorf(c, "no module")
		return plain, rewritten, false
	}
	return p.act(ctx, c.Action), r.act(ctx, c.Action), true
}

func (s *specScript) count(c specCommand, counter *int) {
	if s.rewritten.module(c.Action.Module).rep == nil {
		counter = &s.counts.plainOnly
	}
	*counter++
}

func (s *specScript) assertReturn(ctx context.Context, c specCommand) {
	plain, rewritten, ok := s.both(ctx, c)
	if !ok {
		return
	}
	if plain.err != nil || rewritten.err != nil {
		s.errorf(c, "plain: %v, rewritten: %v", plain.err, rewritten.err)
		return
	}
	if c.Type == "assert_return" && (!c.matches(plain) || !c.matches(rewritten)) {
		s.errorf(c, "plain: %x, rewritten: %x, want %v", plain.values, rewritten.values, c.Expected)
	}
	if r := s.rewritten.module(c.Action.Module); r.rep != nil && r.get(rewrite.DepthName) != 0 {
		s.errorf(c, "depth is %d after the call", r.get(rewrite.DepthName))
	}
	s.count(c, &s.counts.returns)
}

func (s *specScript) assertTrap(ctx context.Context, c specCommand) {
	plain, rewritten, ok := s.both(ctx, c)
	if !ok {
		return
	}
	if plain.err == nil || rewritten.err == nil || firstLine(plain.err) != firstLine(rewritten.err) {
		s.errorf(c, "plain: %v, rewritten: %v, want %s", plain.err, rewritten.err, c.Text)
	}
	s.resetDepth()
	s.count(c, &s.counts.traps)
}

// resetDepth does what the snapshot does after a trap, which may have unwound
// calls into other modules.
func (s *specScript) resetDepth() {
	for _, g := range s.rewritten.all {
		if g.rep != nil {
			g.set(rewrite.DepthName, 0)
		}
	}
}

// assertExhaustion demands the depth check's trap instead of the engine's own
// overflow, which costs too much to be tried on the plain module.
func (s *specScript) assertExhaustion(ctx context.Context, c specCommand) {
	r := s.rewritten.module(c.Action.Module)
	if r == nil || r.rep == nil {
		return
	}
	result := r.act(ctx, c.Action)
	if result.err == nil || !strings.Contains(result.err.Error(), "unreachable") {
		s.errorf(c, "got %v, want the depth check's trap", result.err)
	}
	if limit := int32(cmp.Or(s.opt.DepthLimit, 131_072)); r.get(rewrite.DepthName) <= limit {
		s.errorf(c, "depth is %d, want above the limit", r.get(rewrite.DepthName))
	}
	s.resetDepth()
	s.count(c, &s.counts.exhausted)
}

// assertRejected demands that rewriting does not make an invalid module valid.
func (s *specScript) assertRejected(ctx context.Context, c specCommand) {
	b := s.read(c)
	if _, err := s.plain.runtime.CompileModule(ctx, b); err == nil {
		s.t.Logf("%s:%d: the engine accepts a module that is %s", s.name, c.Line, c.Text)
		return
	}
	out, _, err := rewrite.Rewrite(b, s.opt)
	if err == nil {
		if _, err = s.rewritten.runtime.CompileModule(ctx, out); err == nil {
			s.errorf(c, "%s became valid (%s)", c.Filename, c.Text)
		}
	}
	s.counts.rejected++
}

func (s *specScript) assertNoInstance(ctx context.Context, c specCommand) {
	b := s.read(c)
	_, plain := startPlain(ctx, s.plain.runtime, b, "")
	_, rewritten := s.startRewritten(ctx, c, b)
	if (plain == nil) != (rewritten == nil) {
		s.errorf(c, "plain: %v, rewritten: %v", plain, rewritten)
	}
	s.counts.rejected++
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
