package builtin_test

import (
	"context"
	"fmt"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

func Example() {
	keys := store.NewMemory()
	_ = keys.PutSession(time.Time{}, []byte("s3cret"), &abi.Session{Alias: "ann"})

	p, err := builtin.New(builtin.Config{Store: keys}).Load(context.Background(), abi.Spec{
		Name: "keys", Entry: "key-auth", Config: []byte(`{"header": "X-Key"}`),
	})
	if err != nil {
		panic(err)
	}
	for _, key := range []string{"s3cret", "guess"} {
		x := abi.Exchange{RequestID: []byte("r1"), API: &abi.API{Name: "orders"}}
		x.Request.Header = abi.Header{{Name: []byte("x-key"), Value: []byte(key)}}
		x.Begin(abi.Auth, time.Time{})
		v, err := p.Call(&x)
		fmt.Println(v, err, x.Session != nil, x.Reply.Status)
	}
	// Output:
	// continue <nil> true 0
	// respond <nil> false 403
}
