package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/c386954a/sallyport/runtime/coproc"
)

// serveProcess serves one API through this binary as its external process, in
// a sandbox.
func serveProcess(t *testing.T, more string) *site {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, fmt.Sprintf(`version: 1
listen: "127.0.0.1:0"
coproc: { command: [%q], env: { %s: "/none", GORACE: atexit_sleep_ms=0 }, sandbox: { memory: 1024GiB }%s }
plugins: { block: { runtime: coproc, entry: block, timeout: 5s } }
apis: [{ name: a, match: { path: / }, upstream: { url: UPSTREAM }, hooks: { pre: [block] } }]
`, program, childMode, more))
}

// underReloads counts the statuses that clients get while the gateway reloads.
func underReloads(t *testing.T, s *site, reloads int) map[int]int {
	t.Helper()
	var stop atomic.Bool
	var mu sync.Mutex
	seen := map[int]int{}
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !stop.Load() {
				status, _, err := s.try("/")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[status]++
				mu.Unlock()
			}
		})
	}
	for i := range reloads {
		if err := reload(t.Context(), s.gateway, s.config(t)); err != nil {
			t.Errorf("reload %d: %v", i, err)
		}
	}
	stop.Store(true)
	clients.Wait()
	t.Logf("answers by status during %d reloads: %v", reloads, seen)
	return seen
}

func TestReloadByOverlapLosesNoCall(t *testing.T) {
	seen := underReloads(t, serveProcess(t, ", reload: overlap"), 5)
	if len(seen) != 1 || seen[http.StatusOK] == 0 {
		t.Errorf("statuses = %v, want 200 only", seen)
	}
}

func TestReloadByStopStartLosesOnlyCallsThatWait(t *testing.T) {
	seen := underReloads(t, serveProcess(t, ", reload: stop_start"), 5)
	delete(seen, http.StatusServiceUnavailable)
	if len(seen) != 1 || seen[http.StatusOK] == 0 {
		t.Errorf("statuses = %v, want 200 and 503 only", seen)
	}
}

func TestStatusShowsWhatConfinesTheProcess(t *testing.T) {
	s := serveProcess(t, "")
	s.get(t, "/")
	stats, ok := s.gateway.Status().Process.(coproc.ProcessStats)
	if !ok || stats.Sandbox == nil || stats.State != "ready" || stats.Calls != 1 {
		t.Fatalf("process = %+v", stats)
	}
	if log := s.logs.String(); !strings.Contains(log, "plugin process is confined") {
		t.Errorf("log = %s", log)
	}
}
