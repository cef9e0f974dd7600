// Package plain has the servers around the gateway in a benchmark: the upstream
// behind it, and the least that forwards, to compare it with.
package plain

import (
	"encoding/json"
	"fmt"
	"net"

	"github.com/valyala/fasthttp"
)

// EchoField is the request header field that makes the upstream answer with
// what it received, as [Seen].
const EchoField = "X-Bench-Echo"

// Body is what the upstream answers otherwise: 64 bytes of JSON.
const Body = `{"id":"0123456789abcdef0123456789abcde","status":"new","n":1234}`

// Seen is a request as it arrived at the upstream.
type Seen struct {
	Method string            `json:"method"`
	URI    string            `json:"uri"`
	Header map[string]string `json:"header"`
	Body   string            `json:"body"`
}

// Responder is one of the servers.
type Responder struct{ http *fasthttp.Server }

// NewUpstream returns the upstream: as cheap as it can be, so that what is
// measured is what stands before it.
func NewUpstream() *Responder {
	body := []byte(Body)
	return &Responder{&fasthttp.Server{
		NoDefaultDate: true, NoDefaultServerHeader: true,
		Handler: func(ctx *fasthttp.RequestCtx) {
			if len(ctx.Request.Header.Peek(EchoField)) > 0 {
				echo(ctx)
				return
			}
			ctx.SetContentType("application/json")
			ctx.Response.Header.Set("X-Powered-By", "upstream")
			ctx.SetBody(body)
		},
	}}
}

// echo answers with the request.
func echo(ctx *fasthttp.RequestCtx) {
	seen := Seen{
		Method: string(ctx.Method()), URI: string(ctx.RequestURI()),
		Header: map[string]string{}, Body: string(ctx.PostBody()),
	}
	for name, value := range ctx.Request.Header.All() {
		seen.Header[string(name)] = string(value)
	}
	text, err := json.Marshal(&seen)
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(text)
}

// NewForwarder returns a server that forwards everything to an address and
// does nothing else.
func NewForwarder(upstream string) *Responder {
	client := &fasthttp.HostClient{Addr: upstream, MaxConns: 4096}
	return &Responder{&fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.Request.SetHost(upstream)
		if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
			ctx.Error("bad gateway", fasthttp.StatusBadGateway)
		}
	}}}
}

// Serve answers on ln until Close.
func (s *Responder) Serve(ln net.Listener) error {
	if err := s.http.Serve(ln); err != nil {
		return fmt.Errorf("plain: %w", err)
	}
	return nil
}

// Close stops listening and closes connections that are idle.
func (s *Responder) Close() error { return s.http.Shutdown() }
