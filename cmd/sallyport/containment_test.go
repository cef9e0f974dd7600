package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// assault is a guest that does its worst in the hook pre, and what its client
// must get.
type assault struct {
	name string
	harm attack.Harm
	want int
}

func assaults() []assault {
	return []assault{
		{"endless loop", attack.Loop(), http.StatusGatewayTimeout},
		{"endless recursion", attack.Recursion(), http.StatusInternalServerError},
		{"calls without a loop", attack.CallTree(), http.StatusGatewayTimeout},
		{"memory bomb", attack.GrowForever(), http.StatusInternalServerError},
		{"memory.fill of 1 GiB", attack.FillForever(1<<14 - 2), http.StatusGatewayTimeout},
		{"trap", attack.Trap(), http.StatusInternalServerError},
		{"log flood", attack.Chatter(), http.StatusGatewayTimeout},
		{"reply above the limit", attack.HugeReply(), http.StatusInternalServerError},
		{"header bomb", attack.HeaderBomb(), http.StatusInternalServerError},
	}
}

const sandboxNeighbours = 100

// TestClientsOfAttackedPluginsAreAnsweredAndNeighboursNoticeNothing attacks
// the gateway through one API while requests of two others are in flight: one
// that runs the same plugin in a hook that does no harm, and one that runs
// another plugin.
func TestClientsOfAttackedPluginsAreAnsweredAndNeighboursNoticeNothing(t *testing.T) {
	for _, a := range assaults() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			guest := a.harm.Always()
			guest.Func("sallyport_post", wasmtest.Const(0))
			s := serve(t, `version: 1
listen: "127.0.0.1:0"
plugins:
  bad:  { runtime: wasm, source: bad.wasm, memory: 1GiB, timeout: 2s, instances: { max: 8 } }
  good: { runtime: wasm, source: headers.wasm, timeout: 10s }
apis:
  - { name: bad, match: { path: /bad/ }, upstream: { url: UPSTREAM }, hooks: { pre: [bad] } }
  - { name: same, match: { path: /same/ }, upstream: { url: UPSTREAM }, hooks: { post: [bad] } }
  - { name: other, match: { path: /other/ }, upstream: { url: UPSTREAM }, hooks: { pre: [good] } }
`, "bad.wasm", string(guest.Bytes()))
			var all sync.WaitGroup
			for i := range sandboxNeighbours {
				all.Go(func() { neighbour(t, s, i) })
			}
			start := time.Now()
			status, body := s.get(t, "/bad/x")
			t.Logf("%d after %v: %s", status, time.Since(start).Round(time.Millisecond), body)
			if status != a.want {
				t.Errorf("status %d, want %d", status, a.want)
			}
			all.Wait()
		})
	}
}

// neighbour sends one request to an API that is not under attack.
func neighbour(t *testing.T, s *site, i int) {
	t.Helper()
	path := fmt.Sprintf("/%s/%d", []string{"same", "other"}[i%2], i)
	status, body, err := s.try(path, "Authorization", "Bearer acme.1")
	if err != nil || status != http.StatusOK {
		t.Errorf("neighbour %s got %d, %v: %s", path, status, err, body)
	}
}
