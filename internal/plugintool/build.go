package plugintool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/store"
)

// Build runs the commands that the recipe in a folder lists, and shows each of
// them and what it prints on log.
func Build(ctx context.Context, dir string, lookup func(string) (string, bool), log io.Writer) (*Built, error) {
	r, err := config.LoadRecipe(dir, lookup)
	if err != nil {
		return nil, err
	}
	b := &recipeBuild{dir, r}
	return b.run(ctx, log)
}

// recipeBuild builds the plugin of one folder.
type recipeBuild struct {
	dir    string
	recipe *config.Recipe
}

// openBuild reads the recipe of a folder. It returns nil if there is none, or
// if there is nothing to build.
func openBuild(dir string, lookup func(string) (string, bool)) (*recipeBuild, error) {
	if _, err := os.Stat(filepath.Join(dir, config.RecipeFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r, err := config.LoadRecipe(dir, lookup)
	if err != nil || len(r.Steps) == 0 {
		return nil, err
	}
	return &recipeBuild{dir, r}, nil
}

// output returns the path of the file that the build makes.
func (b *recipeBuild) output() string {
	return filepath.Join(b.dir, filepath.FromSlash(b.recipe.Output.Value))
}

// newerSource returns a source that was changed after the last build, or "".
// It fails if there was none.
func (b *recipeBuild) newerSource() (string, error) {
	made, err := os.Stat(b.output())
	if err != nil {
		return "", fmt.Errorf("%s is not there yet: build it with `sallyport plugin build`", b.output())
	}
	newer := ""
	err = filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != b.dir && notSource(d.Name()):
			return filepath.SkipDir
		case d.IsDir() || newer != "" || !isSource(d.Name()):
			return nil
		}
		info, err := d.Info()
		if err == nil && info.ModTime().After(made.ModTime()) {
			newer = path
		}
		return err
	})
	return newer, err
}

// notSource reports whether a folder holds nothing that its author edits.
func notSource(folder string) bool {
	return strings.HasPrefix(folder, ".") || slices.Contains([]string{"build", "node_modules", "target", "tests"}, folder)
}

// isSource reports whether a build depends on a file, as its name tells.
func isSource(name string) bool {
	return slices.Contains([]string{".go", ".c", ".h", ".cc", ".cpp", ".rs", ".ts", ".js", ".py", ".zig"},
		filepath.Ext(name))
}

// Built is what a build made.
type Built struct {
	Plugin string `json:"plugin"`
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	Millis int64  `json:"millis"`

	commands int
}

// run runs all steps. What they print goes to log, below the command itself.
func (b *recipeBuild) run(ctx context.Context, log io.Writer) (*Built, error) {
	start := time.Now()
	for _, words := range b.recipe.Steps {
		if err := b.step(ctx, log, words); err != nil {
			return nil, err
		}
	}
	info, err := os.Stat(b.output())
	if err != nil {
		return nil, fmt.Errorf("%s: the build did not make %s", b.recipe.Output.Pos, b.recipe.Output.Value)
	}
	return &Built{b.recipe.Name, b.output(), info.Size(), time.Since(start).Milliseconds(), len(b.recipe.Steps)}, nil
}

// Print says what was made.
func (b *Built) Print(w io.Writer) error {
	if b.commands == 0 {
		_, err := fmt.Fprintf(w, "%s: nothing to build\n", b.File)
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %s, built in %.1f s\n", b.File, output.Bytes(b.Bytes), float64(b.Millis)/1e3)
	return err
}

func (b *recipeBuild) step(ctx context.Context, log io.Writer, words []config.Text) error {
	cmd, err := b.command(ctx, words)
	if err != nil {
		return err
	}
	p := output.PaintFor(log)
	fmt.Fprintf(log, "%s$ %s%s\n", p.Dim, b.spell(cmd), p.Plain)
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w%s", words[0].Pos, filepath.Base(cmd.Args[0]), err,
			b.needs("\nif it misses something: the build needs "))
	}
	return nil
}

// testTimeout is the least deadline of a call in a test: machines that run
// tests are busy.
const testTimeout = 5 * time.Second

// testBed is a configuration brought to life without a server: fixtures are
// played through its chains.
type testBed struct {
	store store.Store
	gen   *app.Generation
	logs  *stageLog
}

// openStage loads a configuration. Its store is replaced by an empty one in
// memory: tests neither see nor leave anything.
func openStage(ctx context.Context, cfg *config.Config) (*testBed, error) {
	cfg.Store.URL.Value = "memory:"
	for _, p := range cfg.Plugins {
		p.Limits.Timeout = max(p.Limits.Timeout, testTimeout)
	}
	st, err := app.OpenStore(cfg)
	if err != nil {
		return nil, err
	}
	s := &testBed{store: st, logs: &stageLog{}}
	logger := zerolog.New(s.logs)
	if s.gen, err = app.Load(ctx, cfg, app.Options{Store: st, Logger: &logger}); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

func (s *testBed) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(s.gen.Close(ctx), s.store.Close())
}

// play sends one request through the chain of the API that it is for.
func (s *testBed) play(c *fixture.Case) (fixture.Played, error) {
	_, rest, _ := strings.Cut(c.Request.Start, " ")
	target, _, _ := strings.Cut(rest, " ")
	host, _ := c.Request.Header.Get([]byte("Host"))
	if !strings.HasPrefix(target, "/") {
		return fixture.Played{}, fmt.Errorf("the request line %q has no path: write for example GET / HTTP/1.1",
			c.Request.Start)
	}
	chain, ok := s.gen.Lookup(host, []byte(target))
	if !ok {
		return fixture.Played{}, fmt.Errorf("no api of the configuration takes the request: host %q, path %s", host, target)
	}
	return c.Play(new(abi.Exchange), chain), nil
}
