package proxy

import (
	"cmp"
	"runtime/debug"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// requestContext is one request with everything that belongs to it. It is
// reused; one goroutine has it at a time. Its client's [ingress.Stream] calls
// Serve, the only entrance, and End, the only end.
type requestContext struct {
	gateway *Gateway
	client  *ingress.Stream
	x       *abi.Exchange // the client's
	requestState
	buffers
}

// requestState is zeroed after each request.
type requestState struct {
	stage  stage
	router *Router
	route  *route
	access AccessRecord

	up     *upstream.Conn
	upload *upstream.Upload // nil unless the request body is still being sent

	// bodyRead says that x.Request.Body is the whole body. It is no stage,
	// since a body may be read in any stage before the request is sent.
	bodyRead bool
}

// stage is how far a request has come. It only moves forward:
//
//	stage      meanwhile                                    moved on by
//	reading    the head is checked and the route is found   begin
//	admitting  the hooks before the upstream run            admit
//	admitted   the request is sent, the reply is awaited    answer, relayHead
//	replied    the body of the reply, or a tunnel, passes   End
//
// A plugin's answer (answer) or any error (fail, which calls answer) moves the
// request from any of the first three stages to replied. No other reply is
// possible after that: fail cuts the connection off instead.
//
// A client that sent Expect: 100-continue gets its 100 where the body is first
// needed: in admitting if a plugin needs it, else in admitted, just before the
// request is sent to the upstream. Serve then returns, and continues in the same
// stage when the body comes.
type stage uint8

const (
	stageReading stage = iota
	stageAdmitting
	stageAdmitted
	stageReplied
)

// buffers are reused from request to request.
type buffers struct {
	clean   []byte // space for the clean path
	first   []byte // the first piece of a streamed request body
	reply   []byte // a reply body that came with its head
	head    []byte // a copy of the reply head
	message []byte // body of an error reply
	host    [256]byte

	body      h1.BodyBuffer // a request body for plugins
	replyBody h1.BodyBuffer // a reply body for plugins
}

func (g *Gateway) newContext(client *ingress.Stream) ingress.Handler {
	rc := &requestContext{gateway: g, client: client, x: &client.X}
	rc.body.Budget, rc.replyBody.Budget = &g.bodies, &g.bodies
	return rc
}

// Serve moves the request on until it is replied, or until its client has to
// send its body. err is why it could not be read.
func (rc *requestContext) Serve(err error) {
	if rc.router == nil {
		rc.router = rc.gateway.enter()
	}
	if err == nil {
		err = rc.advance()
	}
	if err != nil {
		rc.fail(err)
	}
}

func (rc *requestContext) advance() (err error) {
	defer rc.rescue(&err)
	if rc.stage == stageReading {
		if err := rc.begin(); err != nil {
			return err
		}
	}
	if rc.stage == stageAdmitting {
		if err := rc.admit(); err != nil {
			return err
		}
	}
	if rc.stage == stageAdmitted {
		return rc.forward()
	}
	return nil
}

// begin reads the request head and finds the route.
func (rc *requestContext) begin() error {
	if err := rc.client.Load(); err != nil {
		return err
	}
	if err := rc.findRoute(); err != nil {
		return err
	}
	rc.stage = stageAdmitting
	return nil
}

// admit runs the hooks before the upstream, of one API after the other where
// plugins redirect the request. It stops at an API whose plugins need the body
// that the client waits to send.
func (rc *requestContext) admit() error {
	for {
		if rc.client.Expecting() && rc.needsBody() {
			if err := rc.checkLength(); err != nil {
				return err
			}
			rc.client.Continue()
			return nil
		}
		if err := rc.prepareBody(); err != nil {
			rc.client.Refuse()
			return err
		}
		next, err := rc.route.Chain.HandleRequest(rc.x)
		if err != nil {
			return err
		}
		switch next {
		case chain.Redirected:
			if err := rc.follow(); err != nil {
				return err
			}
		case chain.Answered:
			rc.answer()
			return nil
		default:
			rc.stage = stageAdmitted
			return nil
		}
	}
}

// forward sends the request to the upstream and relays the reply.
func (rc *requestContext) forward() error {
	if rc.route.Upstream == nil {
		return faultRoute
	}
	if rc.client.Expecting() {
		rc.client.Continue()
		return nil
	}
	if err := rc.roundTrip(); err != nil {
		return err
	}
	return rc.relay()
}

// rescue turns a panic into an error of this one request.
func (rc *requestContext) rescue(err *error) {
	if r := recover(); r != nil {
		rc.gateway.log.Error().Interface("panic", r).Bytes("stack", debug.Stack()).Msg("panic while serving a request")
		rc.client.Refuse()
		*err = faultInternal
	}
}

// End gives back what the request holds, tells the observer and prepares for
// the next request.
func (rc *requestContext) End() {
	_ = rc.stopUpload() // whatever the error was, the request is over
	if rc.up != nil {
		if !rc.client.AbortWhenGone(nil) {
			rc.noteGone()
		}
		rc.up.Release()
	}
	if rc.gateway.observe != nil {
		rc.gateway.observe(rc.describe())
	}
	rc.router.active.Add(-1)
	rc.requestState = requestState{}
	b := &rc.buffers
	b.body.Release()
	b.replyBody.Release()
	b.clean, b.first, b.reply = ingress.Keep(b.clean), b.first[:0], ingress.Keep(b.reply)
	b.head, b.message = ingress.Keep(b.head), ingress.Keep(b.message)
}

// noteGone says in the access record that the client left while its reply was
// on its way, and keeps the connection that was cut off for it out of the pool.
func (rc *requestContext) noteGone() {
	rc.up.KeepOut()
	if rc.up.BodyLeft() != 0 {
		rc.access.Fault = cmp.Or(rc.access.Fault, h1.ErrClientGone.Text)
	}
}

// describe completes what the observer is told.
func (rc *requestContext) describe() *AccessRecord {
	a, r := &rc.access, &rc.x.Request
	a.RequestID, a.RemoteAddr, a.Method, a.Host, a.URI = rc.x.RequestID, r.RemoteAddr, r.Method, r.Host, r.URI
	if rc.route != nil {
		a.API = rc.route.Chain.API().Name
	}
	a.Status, a.BytesOut = rc.client.Status, rc.client.BytesOut
	a.Start = rc.client.Start
	a.Duration = time.Since(a.Start)
	return a
}
