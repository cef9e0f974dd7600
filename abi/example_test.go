package abi_test

import (
	"context"
	"fmt"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// tenant is a plugin: it tells the upstream who is calling and turns away
// whoever does not say.
type tenant struct{}

func (tenant) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.Pre)}
}

func (tenant) Call(x *abi.Exchange) (abi.Verdict, error) {
	key, ok := x.Request.Header.Get([]byte("Authorization"))
	if !ok {
		return abi.Respond, x.Answer(401, []byte("who are you?"))
	}
	return abi.Continue, x.SetHeader(abi.OfRequest, []byte("X-Tenant"), key)
}

func (tenant) Close(context.Context) error { return nil }

// The chain runs a plugin in a transaction: what it edits is kept only if it
// succeeds.
func Example() {
	var p abi.Plugin = tenant{}
	var x abi.Exchange
	for _, value := range []string{"", "acme", "evil\r\nX-Admin: 1"} {
		x.Reset()
		if value != "" {
			x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("Authorization"), Value: []byte(value)})
		}
		x.Begin(abi.Pre, time.Now().Add(50*time.Millisecond))
		v, err := p.Call(&x)
		if err != nil {
			x.Discard()
			fmt.Println(abi.KindOf(err), len(x.Request.Header))
			continue
		}
		x.Commit(v)
		fmt.Println(v, x.Reply.Status, len(x.Request.Header))
	}
	// Output:
	// respond 401 0
	// continue 0 2
	// protocol 1
}
