package app_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const marked = `version: 1
listen: "127.0.0.1:0"
timeouts: { shutdown: 5s }
plugins: { mark: { runtime: builtin, entry: transform, config: { set: { X-Mark: MARK } } } }
apis: [{ name: a, match: { path: / }, upstream: { url: UPSTREAM }, hooks: { pre: mark } }]
`

// site is a running App with an upstream that answers with X-Mark, and holds
// requests to /slow until released is closed.
type site struct {
	*app.App

	url      string
	upstream string
	entered  chan struct{} // gets one for each request to /slow
	released chan struct{}
}

func serve(t *testing.T) *site {
	t.Helper()
	s := &site{entered: make(chan struct{}, 1), released: make(chan struct{})}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			s.entered <- struct{}{}
			<-s.released
		}
		_, _ = io.WriteString(w, r.Header.Get("X-Mark"))
	}))
	t.Cleanup(upstream.Close)
	s.upstream = upstream.URL
	cfg := s.config(t, "one")
	ls, err := app.Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if s.App, err = app.New(t.Context(), cfg, app.Options{}); err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + ls.Public.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx, ls) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return s
}

func (s *site) config(t *testing.T, mark string) *config.Config {
	t.Helper()
	text := strings.NewReplacer("MARK", mark, "UPSTREAM", s.upstream).Replace(marked)
	cfg, err := config.Parse("sallyport.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func (s *site) get(path string) (string, error) {
	reply, err := http.Get(s.url + path)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	return string(body), err
}

// want fails unless new requests are marked so.
func (s *site) want(t *testing.T, mark string) {
	t.Helper()
	if body, err := s.get("/"); err != nil || body != mark {
		t.Errorf("a new request gets %q, %v, want %q", body, err, mark)
	}
}

// slow sends a request that stays in flight until it is released.
func (s *site) slow() (answer <-chan string) {
	got := make(chan string, 1)
	go func() {
		body, err := s.get("/slow")
		if err != nil {
			body = err.Error()
		}
		got <- body
	}()
	<-s.entered
	return got
}

func TestAReloadIsDoneBeforeTheOldGenerationIsDrained(t *testing.T) {
	s := serve(t)
	answer := s.slow()
	old, err := s.Reload(t.Context(), s.config(t, "two"))
	if err != nil {
		t.Fatal(err)
	}
	s.want(t, "two")
	if old.Number() != 1 || s.Generation().Number() != 2 {
		t.Errorf("generation %d follows %d, want 2 and 1", s.Generation().Number(), old.Number())
	}
	close(s.released)
	if err := old.Drain(t.Context()); err != nil {
		t.Errorf("Drain() = %v", err)
	}
	if body := <-answer; body != "one" {
		t.Errorf("the request in flight got %q, want %q", body, "one")
	}
}

func TestAnOldGenerationThatIsCutOffUndoesNoReload(t *testing.T) {
	s := serve(t)
	answer := s.slow()
	old, err := s.Reload(t.Context(), s.config(t, "two"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := old.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Drain() = %v, want that the time is over", err)
	}
	s.want(t, "two")
	close(s.released)
	<-answer
}

func TestARefusedReloadChangesNothing(t *testing.T) {
	s := serve(t)
	broken := s.config(t, "two")
	broken.Plugins[0].Config = []byte(`{"set": 1}`)
	old, err := s.Reload(t.Context(), broken)
	if problems, ok := errors.AsType[config.Problems](err); !ok || len(problems) != 1 || old != nil {
		t.Errorf("Reload() = %v, %v, want one problem", old, err)
	}
	s.want(t, "one")
	if n := s.Generation().Number(); n != 1 {
		t.Errorf("generation %d serves, want 1", n)
	}
}

func TestCloseReleasesAnAppThatNeverRan(t *testing.T) {
	s := &site{upstream: "http://127.0.0.1:9"}
	cfg := s.config(t, "one")
	cfg.Admin = &config.Admin{Listen: config.Text{Value: "127.0.0.1:0"}}
	a, err := app.New(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

func TestCheckReturnsWarningsOfWhatMayBeMissing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "broken.js"), []byte("var broken = ;"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "version: 1\nplugins:\n  x: { runtime: jsvm, source: broken.js, entry: broken, on_load_error: fault }\n"
	cfg, err := config.Parse(filepath.Join(dir, "sallyport.yaml"), []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if warnings, problems := app.Check(t.Context(), cfg).Warnings(); len(warnings) != 1 || len(problems) != 0 {
		t.Errorf("Check() = %v, %v, want one warning", warnings, problems)
	}
}
