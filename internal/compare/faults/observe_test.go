package faults_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/compare/faults/attack"
)

// fakeGateway stands in for a gateway: plugin does what its plugin would do to
// faulty requests, and says whether they go on.
func fakeGateway(t *testing.T, a *faults.Arena, plugin func(http.ResponseWriter, *http.Request) bool) faults.Subject {
	t.Helper()
	upstream, err := url.Parse(a.Upstream)
	if err != nil {
		t.Fatal(err)
	}
	relay := httputil.NewSingleHostReverseProxy(upstream)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(attack.Fault) == "" || plugin(w, r) {
			relay.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return faults.Subject{URL: s.URL, PID: os.Getpid()}
}

func observe(t *testing.T, model, fault string, plugin func(http.ResponseWriter, *http.Request) bool) *faults.Cell {
	t.Helper()
	m, _ := faults.ModelByID(model)
	f, _ := faults.FaultByID(fault)
	s := &faults.Stage{Arena: openArena(t)}
	c, err := s.Observe(t.Context(), fakeGateway(t, s.Arena, plugin), m, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refuse(w http.ResponseWriter, _ *http.Request) bool {
	http.Error(w, "a plugin failed", http.StatusInternalServerError)
	return false
}

func TestAFaultThatIsRefusedIsContained(t *testing.T) {
	c := observe(t, faults.Wasm, attack.Crash, refuse)
	if c.Verdict != faults.Contained || c.Got.Status != 500 || c.Got.Requests != 2 || c.Neighbours.OtherAPI.Requests == 0 {
		t.Errorf("cell = %+v", c)
	}
}

func TestAFaultThatGoesOnIsNoticed(t *testing.T) {
	c := observe(t, faults.Wasm, attack.Crash, func(http.ResponseWriter, *http.Request) bool { return true })
	if c.Verdict != faults.NotContained || c.Got.Through != 2 {
		t.Errorf("cell = %+v", c)
	}
}

func TestAConnectionThatIsCutIsNoAnswer(t *testing.T) {
	c := observe(t, faults.Wasm, attack.Crash, func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
	if c.Verdict != faults.NotContained || c.Got.Status != 0 || c.Got.Statuses["none"] != 2 {
		t.Errorf("cell = %+v", c)
	}
}

func TestAnEscapeIsNoticed(t *testing.T) {
	c := observe(t, faults.JSVM, attack.ReadFile, func(_ http.ResponseWriter, r *http.Request) bool {
		text, err := os.ReadFile(r.Header.Get(attack.File))
		if err != nil {
			t.Error(err)
		}
		r.Header.Set(attack.Seen, string(text))
		return true
	})
	if c.Verdict != faults.NotContained || c.Got.Escaped == "" {
		t.Errorf("cell = %+v", c)
	}
}

func TestAConnectionToTheForbiddenServerIsNoticed(t *testing.T) {
	c := observe(t, faults.JSVM, attack.OpenSocket, func(_ http.ResponseWriter, r *http.Request) bool {
		reply, err := http.Get(r.Header.Get(attack.Target))
		if err != nil {
			t.Error(err)
			return true
		}
		_ = reply.Body.Close()
		return true
	})
	if c.Verdict != faults.NotContained || c.Got.Intruded != 2 {
		t.Errorf("cell = %+v", c)
	}
}

// keeper is a plugin that keeps the note of the request before.
func keeper() func(http.ResponseWriter, *http.Request) bool {
	var kept atomic.Value
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if before, ok := kept.Swap(r.Header.Get(attack.Note)).(string); ok {
			r.Header.Set(attack.Seen, before)
		}
		return true
	}
}

func TestStateThatIsKeptIsNoticed(t *testing.T) {
	for model, want := range map[string]faults.Judgement{faults.Wasm: faults.NotContained, faults.Process: faults.ByDesign} {
		for _, fault := range []string{attack.LeakRequests, attack.LeakAPIs} {
			if c := observe(t, model, fault, keeper()); c.Verdict != want {
				t.Errorf("%s, %s: %s because %s, want %s", model, fault, c.Verdict, c.Why, want)
			}
		}
	}
}

func TestAnAnswerToAnotherRequestIsNoticed(t *testing.T) {
	c := observe(t, faults.Wasm, attack.Deadline, func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Set(attack.Seen, "another's note")
		return true
	})
	if c.Verdict != faults.NotContained || c.Got.Wrong != 12 {
		t.Errorf("cell = %+v", c)
	}
}

func TestNeighboursThatFailAreCounted(t *testing.T) {
	var attacked atomic.Bool
	a := openArena(t)
	m, _ := faults.ModelByID(faults.Wasm)
	f, _ := faults.FaultByID(attack.Crash)
	g := fakeGateway(t, a, refuse)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(attack.Fault) != "" {
			attacked.Store(true)
		} else if attacked.Load() && strings.Contains(r.URL.Path, "/native/") {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		target, _ := url.Parse(g.URL)
		httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	c, err := (&faults.Stage{Arena: a}).Observe(t.Context(), faults.Subject{URL: front.URL, PID: os.Getpid()}, m, f)
	if err != nil {
		t.Fatal(err)
	}
	n := c.Neighbours.OtherAPI
	if c.Verdict != faults.NotContained || n.Failed == 0 || !strings.Contains(n.First, "out of order") {
		t.Errorf("cell = %+v", c)
	}
}

func TestAnInterruptEndsAnObservation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &faults.Stage{Arena: openArena(t)}
	m, _ := faults.ModelByID(faults.Wasm)
	f, _ := faults.FaultByID(attack.Hang)
	_, err := s.Observe(ctx, fakeGateway(t, s.Arena, func(_ http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done()
		return false
	}), m, f)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Observe() = %v, want context canceled", err)
	}
}
