package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// attack is a guest that does its worst in the hook pre, and what its client
// must get.
type attack struct {
	name  string
	guest *wasmtest.Module
	want  int
}

func attacks() []attack {
	return []attack{
		{"endless loop", onPre(wasmtest.Loop()), http.StatusGatewayTimeout},
		{"endless recursion", recursion(), http.StatusInternalServerError},
		{"calls without a loop", callTree(), http.StatusGatewayTimeout},
		{"memory bomb", memoryBomb(), http.StatusInternalServerError},
		{"memory.fill of 1 GiB", fillAll(), http.StatusGatewayTimeout},
		{"trap", onPre(wasmtest.Unreachable()), http.StatusInternalServerError},
		{"log flood", logFlood(), http.StatusGatewayTimeout},
		{"reply above the limit", hugeReply(), http.StatusInternalServerError},
		{"header bomb", headerBomb(), http.StatusInternalServerError},
	}
}

// onPre returns a guest whose hook pre runs code; its hook post does nothing.
func onPre(code ...[]byte) *wasmtest.Module {
	m := wasmtest.New(1)
	m.Func("sallyport_pre", append(code, wasmtest.Const(0))...)
	return m
}

func recursion() *wasmtest.Module {
	m := wasmtest.New(1)
	m.Func("sallyport_pre", wasmtest.Call(0), wasmtest.Drop(), wasmtest.Const(0))
	return m
}

// callTree makes 2^60 calls, 60 deep.
func callTree() *wasmtest.Module {
	m := wasmtest.New(1)
	leaf := m.Func("", wasmtest.Const(0))
	for range 60 {
		leaf = m.Func("", wasmtest.Call(leaf), wasmtest.Drop(), wasmtest.Call(leaf))
	}
	m.Func("sallyport_pre", wasmtest.Call(leaf))
	return m
}

func memoryBomb() *wasmtest.Module {
	return onPre(wasmtest.Loop(wasmtest.Grow(16), wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable())))
}

// fillAll grows to 1 GiB less a page and fills it with one instruction, again
// and again.
func fillAll() *wasmtest.Module {
	const pages = 1<<14 - 1
	fill := slices.Concat(wasmtest.Const(0), wasmtest.Const(1), wasmtest.Const(pages<<16), []byte{0xfc, 0x0b, 0})
	return onPre(wasmtest.Grow(pages-1), wasmtest.Drop(), wasmtest.Loop(fill))
}

func logFlood() *wasmtest.Module {
	m := wasmtest.New(16)
	log := m.Import("sallyport", "log", 3, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Loop(wasmtest.Call(log, 2, 0, 16<<16), wasmtest.Drop()))
	return m
}

// hugeReply sets a body of 8 MiB where 1 MiB is allowed, and insists.
func hugeReply() *wasmtest.Module {
	m := wasmtest.New(130)
	set := m.Import("sallyport", "reply_body_set", 2, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(set, 0, 8<<20), wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable()), wasmtest.Const(0))
	return m
}

func headerBomb() *wasmtest.Module {
	m := wasmtest.New(1).Data(0, "X-Bomb")
	add := m.Import("sallyport", "header_add", 5, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Loop(
		wasmtest.Call(add, 0, 0, 6, 0, 6), wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable())))
	return m
}

const sandboxNeighbours = 100

// TestClientsOfAttackedPluginsAreAnsweredAndNeighboursNoticeNothing attacks
// the gateway through one API while requests of two others are in flight: one
// that runs the same plugin in a hook that does no harm, and one that runs
// another plugin.
func TestClientsOfAttackedPluginsAreAnsweredAndNeighboursNoticeNothing(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			a.guest.Func("sallyport_post", wasmtest.Const(0))
			s := serve(t, `version: 1
listen: "127.0.0.1:0"
plugins:
  bad:  { runtime: wasm, source: bad.wasm, memory: 1GiB, timeout: 2s, instances: { max: 8 } }
  good: { runtime: wasm, source: headers.wasm, timeout: 10s }
apis:
  - { name: bad, match: { path: /bad/ }, upstream: { url: UPSTREAM }, hooks: { pre: [bad] } }
  - { name: same, match: { path: /same/ }, upstream: { url: UPSTREAM }, hooks: { post: [bad] } }
  - { name: other, match: { path: /other/ }, upstream: { url: UPSTREAM }, hooks: { pre: [good] } }
`, "bad.wasm", string(a.guest.Bytes()))
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
