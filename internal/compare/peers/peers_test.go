package peers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/peers"
	"github.com/c386954a/sallyport/internal/needs"
)

// start returns the peers that are installed, in front of an upstream that
// answers with the request's header fields.
func start(t *testing.T) []*peers.RunningPeer {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(r.Header)
	}))
	t.Cleanup(upstream.Close)
	running, missing, err := peers.Start(t.Context(), peers.Config{Upstream: upstream.Listener.Addr().String(), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range running {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	if len(missing) > 0 {
		needs.Missing(t, strings.Join(missing, "; "))
	}
	return running
}

func TestEveryPeerRunsTheSameHook(t *testing.T) {
	rows := 0
	for _, p := range start(t) {
		for _, row := range p.Rows {
			t.Run(row.Name, func(t *testing.T) { check(t, row) })
			rows++
		}
	}
	if rows != 5 {
		t.Errorf("%d rows, want nginx plain, Lua and njs, HAProxy plain and Lua", rows)
	}
}

// check sends a request that shows what a row does.
func check(t *testing.T, row peers.Contender) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+row.Addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer acme.4711")
	r.Header.Set("User-Agent", "agent/1")
	r.Header.Set("X-Debug", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var saw http.Header
	if err := json.NewDecoder(answer.Body).Decode(&saw); err != nil {
		t.Fatal(err)
	}
	want := [3]string{"acme", "agent/1", ""}
	if row.Name == row.Plain {
		want = [3]string{"", "", "1"}
	}
	if got := [3]string{saw.Get("X-Tenant"), saw.Get("X-Agent"), saw.Get("X-Debug")}; got != want {
		t.Errorf("the upstream saw tenant, agent and debug as %q, want %q", got, want)
	}
}

func TestWorkersAreProcessesOfThePeer(t *testing.T) {
	for _, p := range start(t) {
		if n := len(p.Processes()); p.Name == "nginx" && n < 3 {
			t.Errorf("%s has %d processes, want the master and two workers", p.Name, n)
		}
		if !strings.Contains(strings.ToLower(p.Version), strings.ToLower(p.Name)) {
			t.Errorf("%s is version %q", p.Name, p.Version)
		}
	}
}
