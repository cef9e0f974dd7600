package wasm_test

import (
	"net"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// silent returns the address of a server that takes connections and says
// nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String() // the system accepts; nobody reads
}

// asks sends a request and then loops.
func asks(url string) *wasmtest.Module {
	m := wasmtest.New(1).Data(0, "GET"+url)
	request := m.Import("sallyport", "http_request", 8, wasmtest.I32)
	m.Func("sallyport_pre",
		wasmtest.Call(request, 0, 3, 3, int32(len(url)), 0, 0, 0, 0), wasmtest.Drop(), wasmtest.Loop())
	return bystander(m)
}

// TestAHostCallThatGetsNoAnswerIsContained: a server that never answers costs
// the call its deadline and the neighbours nothing.
func TestAHostCallThatGetsNoAnswerIsContained(t *testing.T) {
	address := silent(t)
	r := newRuntime(t, wasm.Config{})
	s := spec(t, asks("http://"+address+"/").Bytes(), abi.Fresh, 4)
	s.Grants.HTTP = []string{"http://" + address + "/*"}
	p := loadIn(t, r, s)
	other := loadIn(t, r, spec(t, bystander(guest()).Bytes(), abi.Fresh, 2))
	for range 3 {
		strike(t, assault{name: "silence", want: abi.Timeout}, p, other)
	}
}
