package coproc_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// python starts the example without an SDK.
func python(t *testing.T) abi.Plugin {
	t.Helper()
	needs.Program(t, "python3", "python3", "--version")
	r := coproc.New(coproc.Config{
		Command: []string{"python3", "headers.py"},
		Dir:     filepath.Join("..", "..", "examples", "coproc-headers"),
	})
	t.Cleanup(func() { closeRuntime(t, r) })
	return load(t, r, spec("headers"))
}

func TestPythonExampleEditsHeaders(t *testing.T) {
	p := python(t)
	var calls sync.WaitGroup
	for range 16 {
		calls.Go(func() {
			x := exchange(abi.Pre, "Authorization", "Bearer acme.s3cret", "User-Agent", "caf\u00e9", "X-Debug", "1")
			if v, err := p.Call(x); err != nil || v != abi.Continue {
				t.Errorf("Call() = %v, %v", v, err)
			}
			if header(x, "X-Tenant") != "acme" || header(x, "X-Agent") != "caf\u00e9" || header(x, "X-Debug") != "" {
				t.Errorf("header = %q", x.Request.Header)
			}
		})
	}
	calls.Wait()
}

func TestPythonExampleTurnsStrangersAway(t *testing.T) {
	x := exchange(abi.Pre)
	v, err := python(t).Call(x)
	if err != nil || v != abi.Respond {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	want := `{"error":"authorization required","request_id":"9f2c"}`
	if x.Reply.Status != 401 || string(x.Reply.Body) != want {
		t.Fatalf("reply = %d %s, want 401 %s", x.Reply.Status, x.Reply.Body, want)
	}
}
