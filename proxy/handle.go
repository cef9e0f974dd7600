package proxy

import (
	"errors"
	"os"
	"runtime/debug"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
)

// handle serves one request.
func (g *Gateway) handle(ctx *fasthttp.RequestCtx) {
	c, _ := ctx.Conn().(*conn)
	c.in.set(phaseNone)
	f := c.flight
	c.flight = nil
	if f == nil {
		f = g.take(c, ctx)
	}
	f.run()
}

// expect is asked whether a client that waits for 100 Continue may send its
// body. The hooks that need no body run before it may: what they turn away is
// never sent. With any other answer than 100, fasthttp sends the response that
// is prepared here and closes the connection, as it must, for the client may
// have sent the body anyway.
func (g *Gateway) expect(ctx *fasthttp.RequestCtx) int {
	c, _ := ctx.Conn().(*conn)
	c.in.set(phaseNone)
	f := g.take(c, ctx)
	v, err := f.admitExpecting()
	if err == nil && v == abi.Continue {
		c.flight = f
		return fasthttp.StatusContinue
	}
	f.refused = true
	f.settle(v, err)
	status := ctx.Response.StatusCode()
	f.end()
	return status
}

// admitExpecting admits a request whose body has not been asked for.
func (f *flight) admitExpecting() (v abi.Verdict, err error) {
	defer f.rescue(&err)
	if err := f.begin(); err != nil {
		return abi.Respond, err
	}
	v, err = f.admit(true)
	if err == nil && v == abi.Continue && f.admitted && f.route.Upstream == nil {
		err = faultRoute
	}
	return v, err
}

// run carries the request as far as the reply is ready for fasthttp to write.
func (f *flight) run() {
	v, err := f.forward()
	f.settle(v, err)
	if !f.handed {
		f.end()
	}
}

// forward admits the request and, if the hooks let it continue, gets the
// reply.
func (f *flight) forward() (v abi.Verdict, err error) {
	defer f.rescue(&err)
	if f.route == nil {
		if err := f.begin(); err != nil {
			return abi.Respond, err
		}
	}
	if !f.admitted {
		if v, err := f.admit(false); err != nil || v == abi.Respond {
			return abi.Respond, err
		}
	}
	if f.route.Upstream == nil {
		return abi.Respond, faultRoute
	}
	if err := f.exchange(); err != nil {
		return abi.Respond, err
	}
	return abi.Continue, f.relay()
}

// begin reads the request head and finds the route.
func (f *flight) begin() error {
	if err := f.load(); err != nil {
		f.refused = true
		return err
	}
	return f.findRoute()
}

// admit runs the hooks before the upstream, of one API after the other where
// plugins redirect the request. While a client waits for leave to send its
// body, it stops at the API whose plugins need that, and goes on from there
// when it is called again.
func (f *flight) admit(waiting bool) (abi.Verdict, error) {
	for {
		if waiting && f.needsBody() {
			f.admitted = false
			return abi.Continue, f.checkLength()
		}
		f.admitted = true
		if err := f.prepareBody(); err != nil {
			f.refused = true
			return abi.Respond, err
		}
		v, err := f.route.Chain.HandleRequest(&f.x)
		if err != nil || f.x.Redirected() == nil {
			return v, err
		}
		if err := f.follow(); err != nil {
			return abi.Respond, err
		}
	}
}

// settle prepares the reply of a request that the gateway or a plugin answers,
// and the end of the connection where that is due.
func (f *flight) settle(v abi.Verdict, err error) {
	switch {
	case err != nil:
		f.fail(err)
	case v == abi.Respond:
		f.answer()
	}
	if f.refused {
		f.conn.linger = true
	}
	if f.refused || f.gateway.stopping.Load() {
		f.ctx.Response.SetConnectionClose()
	}
}

// rescue turns a panic of ours into an error of this one request.
func (f *flight) rescue(err *error) {
	if r := recover(); r != nil {
		f.gateway.log.Error().Interface("panic", r).Bytes("stack", debug.Stack()).Msg("panic while serving a request")
		f.refused = true
		*err = faultInternal
	}
}

// fail answers a request with an error.
func (f *flight) fail(err error) {
	fault := faultOf(err, f.dialect())
	f.log(fault, err)
	if f.stored {
		_ = f.conn.Conn.Close() // too late for another reply
		return
	}
	if f.up != nil {
		f.up.head.close = true // what is left of its reply is of no use
		f.up.head.reason = nil
	}
	f.access.Fault = fault.text
	field := jsonType
	if d := f.dialect(); d != nil {
		f.message, field.Value = d.AppendError(f.message[:0], &f.x.Request, fault.text)
	} else {
		f.message = appendFault(f.message[:0], fault, f.id)
	}
	f.x.Reply = abi.Reply{Status: fault.status, Header: f.x.Reply.Header[:0], Body: f.message}
	f.x.Reply.Header = append(f.x.Reply.Header, field)
	f.answer()
}

// dialect returns that of the API the request is in, if it is in one.
func (f *flight) dialect() *abi.Dialect {
	if f.route == nil {
		return nil
	}
	return f.route.Chain.Dialect()
}

var jsonType = abi.Field{Name: []byte("Content-Type"), Value: []byte("application/json")}

// log tells of errors that are not the client's. Faults of plugins have been
// told of by the chain.
func (f *flight) log(fault *fault, err error) {
	_, plugin := errors.AsType[*abi.Error](err)
	if fault.status < 500 || plugin {
		return
	}
	e := f.gateway.log.Warn().Err(err).Int("status", fault.status).Bytes("request_id", f.id)
	if f.route != nil {
		e = e.Str("api", f.route.Chain.API().Name)
	}
	if f.route != nil && f.route.Upstream != nil {
		e = e.Str("upstream", f.route.Upstream.cfg.URL)
	}
	e.Msg("request failed")
}

// readFailed answers a request that fasthttp could not read, and closes the
// connection.
func (g *Gateway) readFailed(ctx *fasthttp.RequestCtx, err error) {
	c, _ := ctx.Conn().(*conn)
	f := c.flight // the body was asked for and did not come
	c.flight = nil
	if f == nil {
		f = g.take(c, ctx)
		f.id = g.ids.append(f.id[:0])
		f.x.RequestID = f.id
		f.x.Request.RemoteAddr, f.x.Request.TLS = c.remote, c.tls
	}
	f.refused = true
	f.settle(abi.Respond, c.readFault(err))
	f.end()
}

// readFault says what was wrong with a request that fasthttp could not read.
func (c *conn) readFault(err error) *fault {
	if _, ok := errors.AsType[*fasthttp.ErrSmallBuffer](err); ok {
		if c.sawLine {
			return faultHeader
		}
		return faultURI
	}
	if c.late.Load() || errors.Is(err, os.ErrDeadlineExceeded) {
		return faultSlow
	}
	return faultRequest
}

// turnAway refuses a connection that is one too many.
func (c *conn) turnAway() {
	if c.tls {
		return // saying it would need a handshake
	}
	id := c.gateway.ids.append(nil)
	body := appendFault(nil, faultCrowded, id)
	head := []byte("HTTP/1.1 503 Service Unavailable\r\nServer: sallyport\r\nContent-Type: application/json\r\nConnection: close\r\n")
	head = appendLine(head, "X-Request-Id: ", id)
	c.linger = true
	_, _ = c.Write(append(append(appendLength(head, int64(len(body))), "\r\n"...), body...))
}
