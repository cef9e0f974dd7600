package wasm_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// A plugin is loaded once and called for many requests.
func Example() {
	ctx := context.Background()
	runtime, err := wasm.New(ctx, wasm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)
	plugin, err := runtime.Load(ctx, abi.Spec{
		Name:   "headers",
		Source: "../../examples/wasm-headers-c/headers.wasm",
		Hooks:  abi.SetOf(abi.Pre),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer plugin.Close(ctx)

	x := &abi.Exchange{API: &abi.API{ID: "orders"}}
	x.Request.Header = abi.Header{{Name: []byte("Authorization"), Value: []byte("Bearer acme.secret")}}
	x.Begin(abi.Pre, time.Now().Add(time.Minute))
	verdict, err := plugin.Call(x)
	if err != nil {
		log.Fatal(err)
	}
	tenant, _ := x.Request.Header.Get([]byte("X-Tenant"))
	fmt.Printf("%v with tenant %s\n", verdict, tenant)
	// Output:
	// continue with tenant acme
}
