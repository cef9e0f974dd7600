package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk"
	"github.com/c386954a/sallyport/store"
)

// The acceptance suite: what legacy users may rely on, each as one case with
// an id, through a real gateway to a real upstream. A case is a folder of
// Tyk's files and requests, in one txtar file of testdata/acceptance; README.md
// there says how to read one. It runs on both engines: as imported, on otto,
// and in the sandbox, after changing one word of the imported configuration.

// engines returns the runtimes that a case runs on. Handlers of an external
// process have no other engine.
func (c *acceptance) engines() []string {
	if c.process {
		return []string{config.Process}
	}
	return []string{config.JSVM, config.Wasm}
}

// acceptance is one case.
type acceptance struct {
	id     string
	about  string
	rounds []acceptanceRound

	process bool              // the hooks are those of acceptance_handlers_test.go
	lenient bool              // needs --lenient; without it the start is refused
	waive   []string          // keys to waive
	allow   string            // grants that the sandbox needs
	not     map[string]string // engine → why the case cannot hold there
	run     func(*testing.T, *acceptance, string)
}

// acceptanceRound is what happens between one start or reload and the next.
type acceptanceRound struct {
	files   []txtar.File // written before it
	edits   []string     // old and new, of the imported configuration
	refused []string     // what the refusal says; it is final if the case is not lenient
	steps   []acceptanceStep
}

func TestAcceptance(t *testing.T) {
	cases := append(readAcceptance(t), codedAcceptance()...)
	slices.SortFunc(cases, func(a, b *acceptance) int { return naturally(a.id, b.id) })
	table := make(acceptanceTable, len(cases))
	t.Run("cases", func(t *testing.T) {
		for i, c := range cases {
			t.Run(c.id, func(t *testing.T) {
				t.Parallel()
				table[i] = c.onAll(t)
			})
		}
	})
	t.Log("\n" + table.String())
}

// onAll runs a case on its engines and returns what the table says of it.
func (c *acceptance) onAll(t *testing.T) (rows []string) {
	for _, engine := range c.engines() {
		result, about := "none", c.about+" (not there: "+c.not[engine]+")"
		if c.not[engine] == "" {
			passed := t.Run(engine, func(t *testing.T) { c.play(t, engine) })
			result, about = map[bool]string{true: "pass", false: "FAIL"}[passed], c.about
		}
		name := map[string]string{config.JSVM: "otto", config.Wasm: "sandbox", config.Process: "coproc"}[engine]
		rows = append(rows, fmt.Sprintf("%-4s %-8s %-5s %s", c.id, name, result, about))
	}
	return rows
}

// play runs a case on one engine.
func (c *acceptance) play(t *testing.T, engine string) {
	if c.run != nil {
		c.run(t, c, engine)
		return
	}
	w := newWorld(t, c, engine)
	for i := range c.rounds {
		w.round(t, &c.rounds[i])
	}
	if t.Failed() {
		t.Logf("configuration:\n%s\nlog:\n%s", w.yaml, w.log.String())
	}
}

// round puts files into place, starts or reloads the gateway, and takes the
// steps.
func (w *world) round(t *testing.T, r *acceptanceRound) {
	t.Helper()
	w.plant(t, r.files)
	w.edits = append(w.edits, r.edits...)
	switch {
	case len(r.refused) > 0 && w.gate != nil && !w.lenient:
		w.checkRefusal(t, r, w.reload(t)) // the steps are for what keeps running
	case len(r.refused) > 0:
		w.mustRefuse(t, r)
		if !w.lenient {
			return
		}
		fallthrough
	default:
		w.serve(t)
	}
	for i := range r.steps {
		r.steps[i].take(t, w)
	}
}

// serve starts the gateway, or reloads it.
func (w *world) serve(t *testing.T) {
	t.Helper()
	if w.gate == nil {
		w.start(t)
		return
	}
	if err := w.reload(t); err != nil {
		t.Fatalf("reload: %v\n%s", err, w.yaml)
	}
}

// world is what a case lives in.
type world struct {
	*acceptance

	engine string
	dir    string // of Tyk's files
	echo   *acceptanceEcho
	log    lockedBuffer
	logger zerolog.Logger
	yaml   string // as served last
	url    string
	gate   *app.App
	store  store.Store // nil is that of the configuration
	tree   *app.TykFolder
	edits  []string // old and new, of the imported configuration
}

func newWorld(t *testing.T, c *acceptance, engine string) *world {
	t.Helper()
	w := &world{acceptance: c, engine: engine, dir: t.TempDir(), echo: newAcceptanceEcho(t)}
	w.logger = zerolog.New(&w.log)
	return w
}

// plant puts files into place. Those below bundles/NAME.zip/ become the
// entries of a zip file.
func (w *world) plant(t *testing.T, files []txtar.File) {
	t.Helper()
	zips := map[string][]txtar.File{}
	for _, f := range files {
		name, entry, ok := strings.Cut(f.Name, ".zip/")
		if ok {
			zips[name+".zip"] = append(zips[name+".zip"], txtar.File{Name: entry, Data: f.Data})
			continue
		}
		w.write(t, f.Name, w.echo.fill(string(f.Data)))
	}
	for name, entries := range zips {
		w.write(t, name, w.echo.zip(t, entries))
	}
}

// write puts a file of Tyk's into place.
func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read imports the folder, for the engine of this world.
func (w *world) read(ctx context.Context, lenient bool) (*config.Config, error) {
	c := tyk.Config{Dir: w.dir, Listen: "127.0.0.1:0", Lenient: lenient, Waive: w.waive}
	if w.process {
		c.Process = handlerCommand()
	}
	tree, err := app.OpenTykFolder(c, os.LookupEnv, &w.logger)
	if err != nil {
		return nil, err
	}
	w.tree = tree
	text, err := tree.Text(ctx)
	if err != nil {
		return nil, err
	}
	w.yaml = w.forEngine(string(text))
	return config.Parse(filepath.Join(w.dir, "imported"), []byte(w.yaml), os.LookupEnv)
}

// forEngine changes the one word, adds the grants that a case needs, and makes
// the edits of the case.
func (w *world) forEngine(text string) string {
	switch w.engine {
	case config.Process:
		// A race detector wants more memory than a sandbox gives.
		text = strings.Replace(text, "\ncoproc:\n", "\ncoproc:\n  env: { GORACE: atexit_sleep_ms=0 }\n  sandbox: { memory: 1024GiB }\n", 1)
	case config.Wasm:
		word := "runtime: " + w.engine
		if w.allow != "" {
			word = "allow: " + w.echo.fill(w.allow) + "\n    " + word
		}
		text = strings.ReplaceAll(text, "runtime: "+config.JSVM, word)
	}
	return strings.NewReplacer(w.edits...).Replace(text)
}

// mustRefuse checks that the start is refused without the lenient switch.
func (w *world) mustRefuse(t *testing.T, r *acceptanceRound) {
	t.Helper()
	cfg, err := w.read(t.Context(), false)
	defer w.closeTree()
	if err == nil {
		var a *app.App
		if a, err = app.New(t.Context(), cfg, w.options()); err == nil {
			_ = a.Close(context.Background())
		}
	}
	w.checkRefusal(t, r, err)
}

// checkRefusal checks what a start or a reload ended with.
func (w *world) checkRefusal(t *testing.T, r *acceptanceRound, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("it is not refused:\n%s", w.yaml)
	}
	for _, want := range r.refused {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %q, want %q in it", err, want)
		}
	}
}

func (w *world) closeTree() {
	if w.tree != nil {
		w.tree.Close()
		w.tree = nil
	}
}

// start serves the folder until the end of the test.
func (w *world) start(t *testing.T) {
	t.Helper()
	cfg, err := w.read(t.Context(), w.lenient)
	t.Cleanup(w.closeTree)
	if err != nil {
		t.Fatalf("import: %v\n%s", err, w.yaml)
	}
	w.gate, w.url = serveGateway(t, cfg, w.options())
}

// options have the store of the case, if it has one.
func (w *world) options() app.Options {
	return app.Options{Logger: &w.logger, Raw: &w.log, Store: w.store}
}

// reload reads the folder again, as SIGHUP does.
func (w *world) reload(t *testing.T) error {
	t.Helper()
	cfg, err := w.read(t.Context(), w.lenient)
	if err != nil {
		return err
	}
	t.Cleanup(w.closeTree)
	return reload(t.Context(), w.gate, cfg)
}

// acceptanceTable is what the suite prints: which case holds where.
type acceptanceTable [][]string

func (a acceptanceTable) String() string { return strings.Join(slices.Concat(a...), "\n") }
