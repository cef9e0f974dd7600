//go:build wasip1

// Command guest is the conform plugin of the conformance kit for WebAssembly.
package main

import sallyport "github.com/c386954a/sallyport/sdk/go"

//go:wasmexport sallyport_pre
func pre() sallyport.Verdict { return play("pre") }

//go:wasmexport sallyport_auth
func auth() sallyport.Verdict { return play("auth") }

//go:wasmexport sallyport_post_key_auth
func postKeyAuth() sallyport.Verdict { return play("post_key_auth") }

//go:wasmexport sallyport_rate_limit
func rateLimit() sallyport.Verdict { return play("rate_limit") }

//go:wasmexport sallyport_post
func post() sallyport.Verdict { return play("post") }

//go:wasmexport sallyport_virtual
func virtual() sallyport.Verdict { return play("virtual") }

//go:wasmexport sallyport_response
func response() sallyport.Verdict { return play("response") }

//go:wasmexport sallyport_event
func event() sallyport.Verdict { return play("event") }

// play carries out the script of a hook.
func play(hook string) sallyport.Verdict {
	return sallyport.Run(func(x *sallyport.Exchange) sallyport.Verdict {
		return run(x, hook)
	})
}

func main() {}
