package wasm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// brokenKV is a store with a bug.
type brokenKV struct{ native.KV }

func (brokenKV) Get(time.Time, []byte) ([]byte, time.Time, bool, error) { panic("bug in the store") }

// TestAPanicOfTheHostIsContained: a bug of the gateway costs one call and the
// instance, and is logged as what it is.
func TestAPanicOfTheHostIsContained(t *testing.T) {
	m := wasmtest.New(1).Data(0, "key")
	get := m.Import("sallyport", "kv_get", 4, wasmtest.I32)
	m.Func("sallyport_pre", wasmtest.Call(get, 0, 3, 0, 0), wasmtest.Drop(), wasmtest.Const(0))
	j := new(journal)
	logger := zerolog.New(j)
	s := spec(t, bystander(m).Bytes(), abi.Fresh, 1)
	s.Grants.KV = []string{"key"}
	p := loadIn(t, newRuntime(t, wasm.Config{Logger: &logger, KV: brokenKV{}}), s)
	for range 3 {
		if _, err := call(p, exchange(), abi.Pre, long); abi.KindOf(err) != abi.Trap || err == nil {
			t.Fatalf("Call() = %v, want an error of kind trap", err)
		}
		if _, err := call(p, exchange(), abi.Post, long); err != nil {
			t.Fatalf("Call() = %v after a panic of the host", err)
		}
	}
	if !strings.Contains(j.String(), "this is a bug of the gateway") {
		t.Errorf("the log is %s, want the panic", j)
	}
}
