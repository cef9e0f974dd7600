package lab_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/proxy/chain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin answers every call as it is told.
type plugin struct{ call func() error }

func (plugin) Declares() abi.Declaration { return abi.Declaration{Hooks: abi.SetOf(abi.Pre)} }
func (p plugin) Call(*abi.Exchange) (abi.Verdict, error) {
	return abi.Continue, p.call()
}
func (plugin) Close(context.Context) error { return nil }
func (plugin) Status() abi.Status          { return abi.Status{Memory: 4096} }

// gateway returns a chain of one plugin.
func gateway(t *testing.T, call func() error) *chain.Chain {
	t.Helper()
	cfg := chain.Config{API: &abi.API{Name: "orders", ListenPath: "/orders/"}}
	cfg.Steps[abi.Pre] = []*chain.Step{{Name: "tenant", Model: "wasm", Plugin: plugin{call}}}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve returns the address of a lab. Everything is closed after the test.
func serve(t *testing.T, cfg lab.Config) (*lab.Lab, string) {
	t.Helper()
	l := lab.New(cfg)
	s := httptest.NewServer(l)
	t.Cleanup(func() {
		l.Close()
		s.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return l, s.URL
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Body.Close() })
	return r
}

func ok() error { return nil }

func TestSnapshotShowsTheChains(t *testing.T) {
	c := gateway(t, ok)
	_, url := serve(t, lab.Config{Chains: func() []*chain.Chain { return []*chain.Chain{c} }, Version: "1.2"})
	var s lab.View
	if err := json.NewDecoder(get(t, url+"/lab/snapshot").Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	want := lab.StepView{Hook: "pre", Plugin: "tenant", Model: "wasm", OnFault: "closed", Timeout: "50ms"}
	if len(s.APIs) != 1 || s.APIs[0].Name != "orders" || len(s.APIs[0].Steps) != 1 || s.APIs[0].Steps[0] != want || s.Version != "1.2" {
		t.Errorf("snapshot = %+v, want one api with the step %+v", s, want)
	}
	if len(s.Attacks) != 0 {
		t.Errorf("attacks = %v without an injector", s.Attacks)
	}
}

func TestSamplesHaveTheFiguresOfTheInterval(t *testing.T) {
	fail := errors.New("no")
	c := gateway(t, func() error { return fail })
	_, url := serve(t, lab.Config{
		Chains:   func() []*chain.Chain { return []*chain.Chain{c} },
		Interval: 10 * time.Millisecond, ProcessID: func() int { return 1 },
	})
	stream := get(t, url+"/lab/events").Body
	for range 5 {
		var x abi.Exchange
		_, _ = c.HandleRequest(&x)
	}
	var faults uint64
	for e := range events(t, stream) {
		if e.name != "sample" {
			t.Fatalf("event %s, want samples", e.name)
		}
		var s lab.Sample
		if err := json.Unmarshal([]byte(e.data), &s); err != nil {
			t.Fatal(err)
		}
		faults += s.Models["wasm"].Faults
		if s.Memory.Plugins["tenant"] != 4096 || s.Memory.Gateway == 0 {
			t.Fatalf("memory = %+v, want what the plugin says, and some of the gateway", s.Memory)
		}
		if faults >= 5 {
			break
		}
	}
	if faults != 5 {
		t.Errorf("%d faults over all samples, want each of the 5 once", faults)
	}
}

type event struct{ name, data string }

// events yields what a stream of server-sent events brings.
func events(t *testing.T, stream interface{ Read([]byte) (int, error) }) func(func(event) bool) {
	return func(yield func(event) bool) {
		var e event
		lines := bufio.NewScanner(stream)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "event: "):
				e.name = line[len("event: "):]
			case strings.HasPrefix(line, "data: "):
				e.data = line[len("data: "):]
			case line == "" && e.name != "":
				if !yield(e) {
					return
				}
				e = event{}
			}
		}
		if err := lines.Err(); err != nil {
			t.Error(err)
		}
	}
}

func TestFaultsAreRememberedNewestFirstAndBounded(t *testing.T) {
	l, url := serve(t, lab.Config{})
	for i := range 150 {
		l.Observe(lab.FaultRecord{Plugin: "p", Status: i, Message: strings.Repeat("x", 10_000)})
	}
	var s lab.View
	if err := json.NewDecoder(get(t, url+"/lab/snapshot").Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	if len(s.Faults) != 100 || s.Faults[0].Status != 149 || s.Faults[99].Status != 50 {
		t.Errorf("%d faults, the first with status %d, want 100 from 149 down", len(s.Faults), s.Faults[0].Status)
	}
	if n := len(s.Faults[0].Message); n > 600 {
		t.Errorf("a message of %d bytes is kept", n)
	}
}

func TestThePageComesWithAStrictPolicy(t *testing.T) {
	_, url := serve(t, lab.Config{})
	for _, file := range []string{"", "lab.js", "lab.css", "uplot/uPlot.iife.min.js", "uplot/LICENSE"} {
		r := get(t, url+"/lab/"+file)
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", file, r.StatusCode)
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", file, policy)
		}
	}
}

func TestListenersAreBounded(t *testing.T) {
	_, url := serve(t, lab.Config{})
	for range 32 {
		if r := get(t, url+"/lab/events"); r.StatusCode != http.StatusOK {
			t.Fatalf("status %d, want 200", r.StatusCode)
		}
	}
	if r := get(t, url+"/lab/events"); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d for one too many, want 503", r.StatusCode)
	}
}

// injector injects what it is told to.
type injector struct {
	inject func(ctx context.Context, model, fault string) (lab.InjectionOutcome, error)
}

func (injector) Attacks() []lab.Attack {
	return []lab.Attack{{Model: "wasm", Fault: "hang", Title: "Endless loop", About: "It never returns."}}
}

func (i injector) Inject(ctx context.Context, model, fault string) (lab.InjectionOutcome, error) {
	return i.inject(ctx, model, fault)
}

func post(t *testing.T, url, body string, header ...string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	var text struct{ Error, Verdict string }
	if err := json.NewDecoder(a.Body).Decode(&text); err != nil && a.StatusCode != http.StatusMethodNotAllowed {
		t.Fatal(err)
	}
	return a.StatusCode, text.Error + text.Verdict
}

func TestInjectionsAnswerWithTheirOutcome(t *testing.T) {
	_, url := serve(t, lab.Config{Injector: injector{func(_ context.Context, model, fault string) (lab.InjectionOutcome, error) {
		switch {
		case model != "wasm":
			return lab.InjectionOutcome{}, lab.ErrUnknown
		case fault != "hang":
			return lab.InjectionOutcome{}, errors.New("the gateway is gone")
		}
		return lab.InjectionOutcome{Model: model, Fault: fault, Status: 504, Verdict: "contained"}, nil
	}}})
	for _, tt := range []struct {
		name, body string
		status     int
		answer     string
	}{
		{"done", `{"model": "wasm", "fault": "hang"}`, 200, "contained"},
		{"unknown", `{"model": "lua", "fault": "hang"}`, 404, "no such model and fault"},
		{"failed", `{"model": "wasm", "fault": "x"}`, 500, "the gateway is gone"},
		{"garbage", `{"model": `, 400, `send {"model": "…", "fault": "…"}: unexpected EOF`},
		{"too large", `{"model": "` + strings.Repeat("x", 2000) + `"}`, 400, `send {"model": "…", "fault": "…"}: http: request body too large`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := post(t, url+"/lab/inject", tt.body, "X-Sallyport-Lab", "1")
			if status != tt.status || answer != tt.answer {
				t.Errorf("%d %q, want %d %q", status, answer, tt.status, tt.answer)
			}
		})
	}
}

func TestOtherSitesCannotPressTheButtons(t *testing.T) {
	_, url := serve(t, lab.Config{Injector: injector{func(context.Context, string, string) (lab.InjectionOutcome, error) {
		t.Error("injected")
		return lab.InjectionOutcome{}, nil
	}}})
	if status, _ := post(t, url+"/lab/inject", `{"model": "wasm", "fault": "hang"}`, "Content-Type", "text/plain"); status != http.StatusForbidden {
		t.Errorf("status %d without the header field, want 403", status)
	}
}

func TestWithoutAnInjectorNothingCanBeInjected(t *testing.T) {
	_, url := serve(t, lab.Config{})
	if status, _ := post(t, url+"/lab/inject", `{"model": "wasm", "fault": "hang"}`, "X-Sallyport-Lab", "1"); status != http.StatusMethodNotAllowed {
		t.Errorf("status %d, want 405", status)
	}
}

func TestOneInjectionAtATime(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	_, url := serve(t, lab.Config{Injector: injector{func(context.Context, string, string) (lab.InjectionOutcome, error) {
		close(begun)
		<-end
		return lab.InjectionOutcome{Verdict: "contained"}, nil
	}}})
	first := make(chan int, 1)
	go func() {
		status, _ := post(t, url+"/lab/inject", `{}`, "X-Sallyport-Lab", "1")
		first <- status
	}()
	<-begun
	if status, _ := post(t, url+"/lab/inject", `{}`, "X-Sallyport-Lab", "1"); status != http.StatusConflict {
		t.Errorf("status %d for the second, want 409", status)
	}
	close(end)
	if status := <-first; status != http.StatusOK {
		t.Errorf("status %d for the first, want 200", status)
	}
}
