package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// slowToCompile returns a module that the limits admit and that takes the engine
// some seconds for each of its functions.
func slowToCompile(functions int) []byte {
	const loops = 120
	m := wasmtest.New(1)
	body := bytes.Join([][]byte{
		bytes.Repeat([]byte{0x03, 0x40}, loops),
		bytes.Repeat(append(append(wasmtest.Load(0), wasmtest.Load(4)...), wasmtest.Add()[0], 0x1a), 1000),
		bytes.Repeat(append(wasmtest.Load(8), 0x0d, 0, 0x0b), loops),
	}, nil)
	for range functions {
		m.Proc("", body)
	}
	return m.Bytes()
}

// TestALoadThatIsGivenUpDoesNotWaitForTheCompiler is for finding 6 of issue 12:
// the engine cannot be interrupted, but nobody waits for it.
func TestALoadThatIsGivenUpDoesNotWaitForTheCompiler(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("no longer wanted")
	compiled := make(chan struct{})
	r, err := wasm.New(context.Background(), wasm.Config{Compiling: func(plugin string) func() {
		if plugin != "slow" {
			return func() {}
		}
		cancel(why)
		return func() { close(compiled) }
	}})
	if err != nil {
		t.Fatal(err)
	}
	slow := source(t, slowToCompile(40))
	if _, err := r.Load(ctx, abi.Spec{Name: "slow", Source: slow}); !errors.Is(err, why) || abi.KindOf(err) != abi.Refused {
		t.Errorf("Load() = %v, want it refused as no longer wanted", err)
	}
	loadIn(t, r, abi.Spec{Name: "quick", Source: headers}) // does not queue
	select {
	case <-compiled:
		t.Error("the compilation has ended already: the test shows nothing")
	default:
	}
	if err := r.Close(context.Background()); err != nil {
		t.Errorf("Close() = %v", err)
	}
	r.AwaitCompilations()
}
