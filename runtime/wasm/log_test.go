package wasm_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// logLines returns a logger and a channel with what plugins log.
func logLines() (*zerolog.Logger, <-chan string) {
	lines := make(chan string, 1000)
	logger := zerolog.New(writerFunc(func(b []byte) {
		var e struct{ Line string }
		if json.Unmarshal(b, &e) == nil && e.Line != "" {
			lines <- e.Line
		}
	}))
	return &logger, lines
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}

// journal is a log in memory that many goroutines may write to.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// loadLogged loads a guest and returns what it logs.
func loadLogged(t *testing.T, m *wasmtest.Module) (abi.Plugin, *journal) {
	t.Helper()
	j := new(journal)
	logger := zerolog.New(j)
	r := newRuntime(t, wasm.Config{Logger: &logger})
	return loadIn(t, r, spec(t, m.Bytes(), abi.Fresh, 1)), j
}

func TestALogFloodIsCut(t *testing.T) {
	m := wasmtest.New(1).Data(0, "\xe8\x03\x00\x00flood") // 1000 lines are left
	log := m.Import("sallyport", "log", 3, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Loop(
		wasmtest.Call(log, 2, 4, 5), wasmtest.Drop(),
		wasmtest.Store(0, slices.Concat(wasmtest.Load(0), wasmtest.Const(-1), wasmtest.Add())),
		wasmtest.Load(0), wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable())))
	p, j := loadLogged(t, m)
	for range 5 {
		if _, err := call(p, exchange(), abi.Pre, long); abi.KindOf(err) != abi.Trap {
			t.Fatalf("Call() = %v, want a trap after 1000 lines", err)
		}
	}
	if n := strings.Count(j.String(), "flood"); n < 200 || n > 2500 {
		t.Errorf("%d of 5000 lines were logged, want the burst of 200 and few more", n)
	}
}

func TestStandardOutputIsLoggedByLine(t *testing.T) {
	// writes the two buffers "half a li" and "ne\nnext\nrest"
	m := wasmtest.New(1).Data(64, "half a line\nnext\nrest")
	m.Data(0, "\x40\x00\x00\x00\x09\x00\x00\x00\x49\x00\x00\x00\x0c\x00\x00\x00")
	write := m.Import("wasi_snapshot_preview1", "fd_write", 4, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(write, 1, 0, 2, 32), wasmtest.Drop(), wasmtest.Const(0))
	p, j := loadLogged(t, m)
	if _, err := call(p, exchange(), abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"half a line", "next", "rest"} {
		want := `{"level":"info","plugin":"guest","line":"` + line + `","request_id":"r1","message":"plugin output"}`
		if !strings.Contains(j.String(), want) {
			t.Errorf("the log is\n%s\nwant it to contain\n%s", j, want)
		}
	}
}

func TestALineWithoutEndIsCut(t *testing.T) {
	m := wasmtest.New(1).Data(0, "\x00\x00\x00\x00\x00\x00\x01\x00") // the whole memory
	write := m.Import("wasi_snapshot_preview1", "fd_write", 4, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(write, 2, 0, 1, 32), wasmtest.Drop(), wasmtest.Const(0))
	p, j := loadLogged(t, m)
	if _, err := call(p, exchange(), abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	if n := len(j.String()); n == 0 || n > 8<<10 {
		t.Errorf("%d bytes were logged, want one line that was cut", n)
	}
}
