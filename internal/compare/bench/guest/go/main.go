//go:build wasip1

// Command go has the four hooks of the benchmark in Go, as a WebAssembly
// module.
package main

import (
	"bytes"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

//go:wasmexport sallyport_pre
func pre() sallyport.Verdict { return sallyport.Run(headers) }

//go:wasmexport sallyport_post
func post() sallyport.Verdict { return sallyport.Run(json) }

//go:wasmexport sallyport_auth
func auth() sallyport.Verdict { return sallyport.Run(lookUp) }

//go:wasmexport sallyport_response
func response() sallyport.Verdict { return sallyport.Run(rewrite) }

// The header hook: two fields read, two set, one removed.
func headers(x *sallyport.Exchange) sallyport.Verdict {
	h := x.Request.Header
	token := tokenOf(h.Get("Authorization"))
	tenant, _, _ := bytes.Cut(token, dot)
	must(h.SetBytes("X-Tenant", tenant))
	must(h.SetBytes("X-Agent", h.Get("User-Agent")))
	must(h.Del("X-Debug"))
	return sallyport.Continue
}

// The JSON hook: a body read, one member changed, two fields set.
func json(x *sallyport.Exchange) sallyport.Verdict {
	body, err := x.Request.Body()
	must(err)
	id, status := member(body, "id"), member(body, "status")
	if id.none() || status.none() {
		return x.Answer(400, incomplete)
	}
	must(x.Request.Header.SetBytes("X-Order", body[id.from:id.to]))
	must(x.Request.Header.SetBytes("X-Status", body[status.from:status.to]))
	must(x.Request.SpliceBody(uint32(status.from), uint32(status.to-status.from), seen))
	return sallyport.Continue
}

// The auth hook: the tenant of the key is looked up in the store.
func lookUp(x *sallyport.Exchange) sallyport.Verdict {
	key = append(append(key[:0], "bench:"...), tokenOf(x.Request.Header.Get("Authorization"))...)
	tenant, err := x.KV.Get(string(key))
	must(err)
	if tenant == nil {
		return x.Answer(401, unknown)
	}
	session = append(append(append(session[:0], `{"key_id":"`...), tenant...), `"}`...)
	must(x.Session.Set(string(session)))
	must(x.Request.Header.SetBytes("X-Tenant", tenant))
	return sallyport.Continue
}

// The rewrite of the response: one field set, one removed, one member of the
// body changed.
func rewrite(x *sallyport.Exchange) sallyport.Verdict {
	must(x.Reply.Header.Set("X-Rewritten", "1"))
	must(x.Reply.Header.Del("X-Powered-By"))
	body, err := x.Reply.Body()
	must(err)
	if status := member(body, "status"); !status.none() {
		must(x.Reply.SpliceBody(uint32(status.from), uint32(status.to-status.from), seen))
	}
	return sallyport.Continue
}

// What hooks would otherwise allocate: one request runs in an instance at a
// time.
var (
	dot, space = []byte("."), []byte(" ")
	seen       = []byte("seen")
	incomplete = []byte(`{"error":"no id or status"}`)
	unknown    = []byte(`{"error":"unknown key"}`)

	key     = make([]byte, 0, 256)
	session = make([]byte, 0, 256)
)

// tokenOf returns what follows the scheme in "Bearer TENANT.SECRET".
func tokenOf(authorization []byte) []byte {
	_, token, _ := bytes.Cut(authorization, space)
	return token
}

// must ends the hook; the gateway takes its edits back.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {}
