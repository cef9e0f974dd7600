package sallyport_test

import (
	"fmt"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

// tag is the handler of a plugin; its main package exports it with
//
//	//go:wasmexport sallyport_pre
//	func pre() sallyport.Verdict { return sallyport.Run(tag) }
func tag(x *sallyport.Exchange) sallyport.Verdict {
	if !x.Request.Header.Has("Authorization") {
		return x.Answer(401, []byte("who are you?"))
	}
	if err := x.Request.Header.Set("X-Tenant", "acme"); err != nil {
		panic(err)
	}
	return sallyport.Continue
}

// A Fake takes the place of the gateway in tests.
func ExampleFake() {
	fake := &sallyport.Fake{
		RequestHeader: []sallyport.Field{{Name: "Authorization", Value: "Bearer x"}},
	}
	fmt.Println(tag(fake.Exchange()) == sallyport.Continue)
	fmt.Println(fake.RequestHeader[1])

	var anonymous sallyport.Fake
	fmt.Println(tag(anonymous.Exchange()) == sallyport.Respond, anonymous.Status)
	// Output:
	// true
	// {X-Tenant acme}
	// true 401
}
