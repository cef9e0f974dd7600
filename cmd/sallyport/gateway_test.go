package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/examples"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
	"github.com/c386954a/sallyport/store"
)

// childMode is set in the environment of a test binary that plays the
// external process of a gateway under test.
const childMode = "SALLYPORT_TEST_CHILD"

// playChild is the external process: the handler `block` waits for ever on
// requests that carry X-Block and notes each in the file that childMode names;
// others get the process's id in X-Pid. The handler `who` lets everyone in,
// and notes each of its calls.
func playChild(notes string) error {
	return child.Main(child.Handler{
		Name: "who", Hooks: []child.Hook{child.Auth},
		Func: func(context.Context, *child.Call) (*child.Result, error) {
			note(notes)
			return &child.Result{Action: "allow", Session: &child.Session{KeyID: "of the process", Metadata: map[string]any{"plan": "asked"}}}, nil
		},
	}, child.Handler{
		Name: "block", Hooks: []child.Hook{child.Pre}, Writes: []child.Part{"headers"},
		Func: func(ctx context.Context, c *child.Call) (*child.Result, error) {
			for _, f := range c.Request.Header {
				if strings.EqualFold(f.Name, "X-Block") {
					note(notes)
					<-ctx.Done()
					return nil, ctx.Err()
				}
			}
			return &child.Result{Action: "continue", Request: &child.Edits{
				SetHeaders: child.Fields{{Name: "X-Pid", Value: strconv.Itoa(os.Getpid())}},
			}}, nil
		},
	})
}

// note adds a byte to a file; one write of one byte is atomic.
func note(file string) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteString(".")
}

// site is a gateway under test with its upstream.
type site struct {
	url     string
	gateway *app.App
	store   store.Store
	file    string
	logs    *lockedBuffer
}

// serve runs a gateway from a configuration; UPSTREAM in it stands for the
// URL of a server that answers with the request's header, and
// files are further files beside it, name and text in turn.
func serve(t *testing.T, text string, files ...string) *site {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(echoHeader))
	t.Cleanup(upstream.Close)
	s := &site{file: filepath.Join(t.TempDir(), "sallyport.yaml"), logs: &lockedBuffer{}}
	s.write(t, "headers.js", string(examples.HeadersJS))
	s.write(t, "headers.wasm", string(examples.HeadersWasm))
	for i := 0; i < len(files); i += 2 {
		s.write(t, files[i], files[i+1])
	}
	s.write(t, "sallyport.yaml", strings.ReplaceAll(text, "UPSTREAM", upstream.URL))

	logger := zerolog.New(s.logs)
	cfg := s.config(t)
	var err error
	if s.store, err = app.OpenStore(cfg); err != nil {
		t.Fatal(err)
	}
	s.gateway, s.url = serveGateway(t, cfg, app.Options{Logger: &logger, Store: s.store})
	return s
}

// serveGateway runs a gateway until the end of the test.
func serveGateway(t *testing.T, cfg *config.Config, o app.Options) (a *app.App, url string) {
	t.Helper()
	cfg.Timeouts.Shutdown = 10 * time.Second
	ls, err := app.Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = app.New(t.Context(), cfg, o); err != nil {
		ls.Close()
		t.Fatalf("New() = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx, ls) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections() // the gateway would wait for them
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return a, "http://" + ls.Public.Addr().String()
}

// reload swaps a configuration in and drains what served before.
func reload(ctx context.Context, a *app.App, cfg *config.Config) error {
	old, err := a.Reload(ctx, cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return old.Drain(ctx)
}

func (s *site) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.file), name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) config(t *testing.T) *config.Config {
	t.Helper()
	cfg, err := config.Load(s.file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// get sends a request with the given header fields, name and value in turn.
func (s *site) get(t *testing.T, path string, header ...string) (int, string) {
	t.Helper()
	status, body, err := s.try(path, header...)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

func (s *site) try(path string, header ...string) (int, string, error) {
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return 0, "", err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	return reply.StatusCode, string(body), err
}

func echoHeader(w http.ResponseWriter, r *http.Request) {
	_ = r.Header.Write(w)
}

// lockedBuffer is a log that a test reads while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// await polls until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("timed out waiting until %s", what)
		}
	}
}

func TestCallsInFlightFailAtOnceWhenTheProcessIsKilledAndTheNextSucceeds(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(t.TempDir(), "notes")
	s := serve(t, fmt.Sprintf(`version: 1
listen: "127.0.0.1:0"
coproc: { command: [%q], env: { %s: %q }, sandbox: { enabled: false } }
plugins: { block: { runtime: coproc, entry: block, timeout: 20s } }
apis: [{ name: a, match: { path: / }, upstream: { url: UPSTREAM }, hooks: { pre: [block] } }]
`, program, childMode, notes))
	_, seen := s.get(t, "/")
	pid := pidOf(t, seen)

	const inFlight = 10
	answers := make(chan int, inFlight)
	for range inFlight {
		go func() {
			status, _, _ := s.try("/", "X-Block", "1")
			answers <- status
		}()
	}
	await(t, "all calls are in the process", func() bool {
		info, err := os.Stat(notes)
		return err == nil && info.Size() == inFlight
	})
	killed := time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range inFlight {
		if status := <-answers; status != http.StatusInternalServerError {
			t.Errorf("call in flight got %d, want 500", status)
		}
	}
	t.Logf("%d calls in flight answered %v after the kill", inFlight, time.Since(killed))
	status, seen := s.get(t, "/")
	t.Logf("the next call answered %d, %v after the kill", status, time.Since(killed))
	if status != http.StatusOK || pidOf(t, seen) == pid {
		t.Errorf("next call got %d from process %d, want 200 from a new one", status, pidOf(t, seen))
	}
}

func pidOf(t *testing.T, header string) int {
	t.Helper()
	for line := range strings.Lines(header) {
		if value, ok := strings.CutPrefix(line, "X-Pid: "); ok {
			pid, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatalf("no X-Pid in %q", header)
	return 0
}

const threeModels = `version: 1
listen: "127.0.0.1:0"
defaults: { timeout: 2s }
plugins:
  js:   { runtime: jsvm, source: headers.js, entry: headers }
  wasm: { runtime: wasm, source: headers.wasm }
  native: { runtime: builtin, entry: headers }
apis:
  - { name: a, match: { path: /a/, strip: true }, upstream: { url: UPSTREAM }, hooks: { pre: [js, wasm, native] } }
`

func TestReloadUnderLoadLosesNoRequest(t *testing.T) {
	s := serve(t, threeModels)
	var stop atomic.Bool
	var answered atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !stop.Load() {
				status, body, err := s.try("/a/x", "Authorization", "Bearer acme.1")
				if err != nil || status != http.StatusOK || !strings.Contains(body, "X-Tenant: acme") {
					t.Errorf("got %d, %v: %s", status, err, body)
					return
				}
				answered.Add(1)
			}
		})
	}
	for i := range 5 {
		if err := reload(t.Context(), s.gateway, s.config(t)); err != nil {
			t.Errorf("reload %d: %v", i, err)
		}
	}
	stop.Store(true)
	clients.Wait()
	if got := s.gateway.Generation().Number(); got != 6 {
		t.Errorf("generation %d after 5 reloads, want 6", got)
	}
	t.Logf("%d requests answered during 5 reloads", answered.Load())
}

func TestRefusedReloadLeavesTheGatewayAsItWas(t *testing.T) {
	s := serve(t, threeModels)
	cfg := s.config(t)
	s.write(t, "headers.js", "var headers = ;")
	err := reload(t.Context(), s.gateway, cfg)
	if err == nil || !strings.Contains(err.Error(), "headers.js:1:15") {
		t.Errorf("reload() = %v, want the place of the syntax error", err)
	}
	if status, _ := s.get(t, "/a/x", "Authorization", "Bearer acme.1"); status != http.StatusOK {
		t.Errorf("status %d after a refused reload, want 200", status)
	}
}

func TestFaultGoesToTheLogAndNotToTheClient(t *testing.T) {
	s := serve(t, strings.ReplaceAll(threeModels, "headers.js", "bad.js"), "bad.js",
		`var headers = new TykJS.TykMiddleware.NewMiddleware({});
headers.NewProcessRequest(function () { throw new Error("the secret of the script"); });`)
	status, body := s.get(t, "/a/x")
	if status != http.StatusInternalServerError || strings.Contains(body, "secret") {
		t.Errorf("client got %d %s", status, body)
	}
	for _, want := range []string{"the secret of the script", `"plugin":"js"`, `"hook":"pre"`, `"api":"a"`, `"request_id":`, "bad.js:2"} {
		if !strings.Contains(s.logs.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, s.logs)
		}
	}
}

func TestTakenPortIsOneClearLine(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	text := fmt.Sprintf("version: 1\nlisten: %q\n", ln.Addr())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := newProgram().execute(t.Context(), streams{nil, &out, &errs}, []string{"run", "-c", file})
	want := fmt.Sprintf("sallyport: %s:2:9: listen tcp %s: bind: address already in use\n", file, ln.Addr())
	if code != exitFailure || errs.String() != want {
		t.Errorf("exit %d with %q, want 1 with %q", code, errs.String(), want)
	}
}

func TestPluginThatCannotLoadStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sallyport.yaml")
	text := "version: 1\nlisten: \"127.0.0.1:0\"\nplugins:\n  x: { runtime: wasm, source: x.wasm }\n"
	for name, data := range map[string]string{"sallyport.yaml": text, "x.wasm": "not wasm"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	code := newProgram().execute(t.Context(), streams{nil, &out, &errs}, []string{"run", "-c", file})
	if code != exitFailure || !strings.HasPrefix(errs.String(), "sallyport: "+file+":4:31: plugin x: ") || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("exit %d with %q, want 1 and one line that names the place", code, errs.String())
	}
}
