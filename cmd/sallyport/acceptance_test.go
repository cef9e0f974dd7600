package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/config"
)

// The acceptance suite: what legacy users may rely on, each as one case with
// an id, through a real gateway to a real upstream. A case is a folder of
// Tyk's files and requests, in one txtar file of testdata/acceptance; README.md
// there says how to read one. It runs on both engines: as imported, on otto,
// and in the sandbox, after changing one word of the imported configuration.

// engines are the runtimes that a case runs on.
var engines = [...]string{config.JSVM, config.Wasm}

// acceptance is one case.
type acceptance struct {
	id    string
	about string
	files []txtar.File
	steps []acceptanceStep

	lenient bool              // needs --lenient; without it the start is refused
	refused []string          // what the refusal says; the whole case, if it is not lenient
	waive   []string          // keys to waive
	allow   string            // grants that the sandbox needs
	not     map[string]string // engine → why the case cannot hold there
	run     func(*testing.T, *acceptance, string)
}

func TestAcceptance(t *testing.T) {
	cases := append(readAcceptance(t), codedAcceptance()...)
	slices.SortFunc(cases, func(a, b *acceptance) int { return naturally(a.id, b.id) })
	var table acceptanceTable
	for _, c := range cases {
		t.Run(c.id, func(t *testing.T) {
			for _, engine := range engines {
				if why := c.not[engine]; why != "" {
					table.add(c, engine, "not there: "+why)
					continue
				}
				passed := t.Run(engine, func(t *testing.T) { c.play(t, engine) })
				table.add(c, engine, map[bool]string{true: "pass", false: "FAIL"}[passed])
			}
		})
	}
	t.Log("\n" + table.String())
}

// play runs a case on one engine.
func (c *acceptance) play(t *testing.T, engine string) {
	if c.run != nil {
		c.run(t, c, engine)
		return
	}
	w := newWorld(t, c, engine)
	if len(c.refused) > 0 {
		w.mustRefuse(t)
		if !c.lenient {
			return
		}
	}
	w.start(t)
	for _, s := range c.steps {
		s.take(t, w)
	}
	if t.Failed() {
		t.Logf("configuration:\n%s\nlog:\n%s", w.yaml, w.log.String())
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
	gate   *gateway
	tree   *tykTree
}

func newWorld(t *testing.T, c *acceptance, engine string) *world {
	t.Helper()
	w := &world{acceptance: c, engine: engine, dir: t.TempDir(), echo: newAcceptanceEcho(t)}
	w.logger = zerolog.New(&w.log)
	for _, f := range c.files {
		w.write(t, f.Name, string(f.Data))
	}
	return w
}

// write puts a file of Tyk's into place.
func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(w.echo.fill(text)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read imports the folder, for the engine of this world.
func (w *world) read(ctx context.Context, lenient bool) (*config.Config, error) {
	tree, err := openTree(&tykFlags{dir: w.dir, listen: "127.0.0.1:0", lenient: lenient, waive: w.waive}, os.LookupEnv, &w.logger)
	if err != nil {
		return nil, err
	}
	w.tree = tree
	text, err := tree.text(ctx)
	if err != nil {
		return nil, err
	}
	w.yaml = w.forEngine(string(text))
	return config.Parse(filepath.Join(w.dir, "imported"), []byte(w.yaml), os.LookupEnv)
}

// forEngine changes the one word, and adds the grants that a case needs.
func (w *world) forEngine(text string) string {
	if w.engine == config.JSVM {
		return text
	}
	word := "runtime: " + config.Wasm
	if w.allow != "" {
		word = "allow: " + w.allow + "\n    " + word
	}
	return strings.ReplaceAll(text, "runtime: "+config.JSVM, word)
}

// mustRefuse checks that the start is refused without the lenient switch.
func (w *world) mustRefuse(t *testing.T) {
	t.Helper()
	cfg, err := w.read(t.Context(), false)
	defer w.closeTree()
	if err == nil {
		var g *gateway
		if g, err = openGateway(t.Context(), cfg, &w.logger, watchers{}); err == nil {
			_ = g.release(context.Background())
			t.Fatal("the start is not refused without --lenient")
		}
	}
	for _, want := range w.refused {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %q, want %q in it", err, want)
		}
	}
}

func (w *world) closeTree() {
	if w.tree != nil {
		w.tree.close()
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
	ls, err := listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if w.gate, err = openGateway(t.Context(), cfg, &w.logger, watchers{}); err != nil {
		ls.close()
		t.Fatalf("start: %v\n%s", err, w.yaml)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.gate.serve(ctx, ls, 10*time.Second) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve() = %v", err)
		}
	})
	w.url = "http://" + ls.public.Addr().String()
}

// reload reads the folder again, as SIGHUP does.
func (w *world) reload(t *testing.T) error {
	t.Helper()
	cfg, err := w.read(t.Context(), w.lenient)
	if err != nil {
		return err
	}
	t.Cleanup(w.closeTree)
	return w.gate.reload(t.Context(), cfg, 10*time.Second)
}

// acceptanceTable is what the suite prints: which case holds where.
type acceptanceTable struct{ rows []string }

func (a *acceptanceTable) add(c *acceptance, engine, result string) {
	name := map[string]string{config.JSVM: "otto", config.Wasm: "sandbox"}[engine]
	a.rows = append(a.rows, fmt.Sprintf("%-10s %-8s %-5s %s", c.id, name, result, c.about))
}

func (a *acceptanceTable) String() string { return strings.Join(a.rows, "\n") }
