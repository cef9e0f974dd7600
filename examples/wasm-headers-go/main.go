// Command wasm-headers-go is a plugin for the hook pre. It turns requests
// without an Authorization away, tells the upstream which tenant and which
// agent is calling, and removes a header that only insiders may send.
package main

import (
	"bytes"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

//go:wasmexport sallyport_pre
func pre() sallyport.Verdict { return sallyport.Run(headers) }

func headers(x *sallyport.Exchange) sallyport.Verdict {
	h := x.Request.Header
	authorization := h.Get("Authorization")
	if authorization == nil {
		return x.Answer(401, unauthorized)
	}
	for _, err := range [...]error{
		h.SetBytes("X-Tenant", tenantOf(authorization)),
		h.SetBytes("X-Agent", h.Get("User-Agent")),
		h.Del("X-Debug"),
	} {
		if err != nil {
			panic(err) // ends the hook; the gateway discards its edits
		}
	}
	return sallyport.Continue
}

var unauthorized = []byte(`{"error":"authorization required"}`)

// tenantOf returns the tenant in "Bearer TENANT.SECRET".
func tenantOf(authorization []byte) []byte {
	_, token, _ := bytes.Cut(authorization, []byte(" "))
	tenant, _, _ := bytes.Cut(token, []byte("."))
	return tenant
}

func main() {}
