// Package sallyport is the SDK for Sallyport plugins in Go, compiled to
// WebAssembly with the Go toolchain and nothing else.
//
// # A plugin
//
// A plugin is a main package. It exports one function per hook it implements:
// the export is what declares the hook.
//
//	package main
//
//	import sallyport "github.com/c386954a/sallyport/sdk/go"
//
//	//go:wasmexport sallyport_pre
//	func pre() sallyport.Verdict { return sallyport.Run(tag) }
//
//	func tag(x *sallyport.Exchange) sallyport.Verdict {
//		x.Request.Header.Set("X-Tenant", "acme")
//		return sallyport.Continue
//	}
//
//	func main() {}
//
// The exports are sallyport_pre, sallyport_auth, sallyport_post_key_auth,
// sallyport_rate_limit, sallyport_post, sallyport_virtual, sallyport_response
// and sallyport_event. Build it as a reactor:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags="-s -w" -o plugin.wasm .
//
// The main function is never run; set up state in package variables or init.
// In mode fresh every request sees the state as it was after init.
//
// # Bodies
//
// The gateway buffers a body only for plugins that read it. A plugin declares
// that by calling [Request.Body], [Request.SpliceBody], [Reply.Body] or
// [Reply.SpliceBody] anywhere: the linker keeps the imports of functions that
// are used and drops the others.
//
// # Grants
//
// [KV], [HTTP] and [Exchange.Env] reach outside of the plugin. Using them
// declares that too: a plugin whose configuration does not grant them is
// refused at load, with the line that would.
//
// # Lifetime of bytes
//
// What an accessor returns is a [Value], valid until the hook returns. Copy
// what must live longer. No accessor allocates once the buffer of the instance
// has grown to what a hook needs.
//
// # Tests
//
// The package compiles on every platform. Outside of WebAssembly a [Fake]
// stands in for the gateway, so that go test tests the handlers of a plugin.
//
// # Randomness
//
// Do not seed math/rand at init: in mode fresh every request repeats its
// sequence. Use crypto/rand, which asks the host.
package sallyport
