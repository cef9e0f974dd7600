package proxy

import (
	"errors"
	"strconv"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
	"github.com/c386954a/sallyport/proxy/h1"
)

// answer replies with the reply of the exchange, whose body is all there.
func (rc *requestContext) answer() {
	r := &rc.x.Reply
	rc.stage = stageReplied
	if rc.up == nil {
		rc.client.Answer(r.Status, nil, r.Header, r.Body)
		return
	}
	if rc.up.BodyLeft() != 0 {
		rc.up.KeepOut() // its body was replaced
	}
	rc.client.Answer(r.Status, rc.reasonOf(r.Status), r.Header, r.Body)
}

// fail answers a request with an error. It is the only writer of error
// replies to requests.
func (rc *requestContext) fail(err error) {
	fault := faultOf(err, rc.dialect())
	if rc.x.ClientGone() {
		fault = h1.ErrClientGone // whatever else went wrong then
		rc.client.Refuse()
	}
	rc.log(fault, err)
	if rc.stage == stageReplied {
		rc.client.Abort()
		return
	}
	if rc.up != nil {
		rc.up.KeepOut() // what is left of its reply is of no use
		rc.up.Head.Reason = nil
	}
	rc.access.Fault = fault.Text
	field := jsonType
	if d := rc.dialect(); d != nil {
		rc.message, field.Value = d.AppendError(rc.message[:0], &rc.x.Request, fault.Text)
	} else {
		rc.message = jsontext.AppendError(rc.message[:0], fault.Text, rc.x.RequestID)
	}
	rc.x.Reply = abi.Reply{Status: fault.Status, Header: append(rc.x.Reply.Header[:0], field), Body: rc.message}
	if fault.RetryAfter > 0 {
		rc.x.Reply.Header = append(rc.x.Reply.Header, abi.Field{
			Name: []byte("Retry-After"), Value: strconv.AppendInt(nil, int64(fault.RetryAfter), 10),
		})
	}
	rc.answer()
}

var jsonType = abi.Field{Name: []byte("Content-Type"), Value: []byte("application/json")}

// dialect returns that of the API the request is in, if it is in one.
func (rc *requestContext) dialect() *abi.Dialect {
	if rc.route == nil {
		return nil
	}
	return rc.route.Chain.Dialect()
}

// log tells of errors that the client has not caused. The chain has logged the
// faults of plugins already.
func (rc *requestContext) log(fault *h1.StatusError, err error) {
	_, plugin := errors.AsType[*abi.Error](err)
	if fault.Status < 500 || plugin {
		return
	}
	e := rc.gateway.log.Warn().Err(err).Int("status", fault.Status).Bytes("request_id", rc.x.RequestID)
	if rc.route != nil {
		e = e.Str("api", rc.route.Chain.API().Name)
	}
	if rc.route != nil && rc.route.Upstream != nil {
		e = e.Str("upstream", rc.route.Upstream.Config.URL)
	}
	e.Msg("request failed")
}

// relay passes the upstream's reply on, through the response hooks if there
// are any.
func (rc *requestContext) relay() error {
	h := &rc.up.Head
	if h.Status == 101 {
		return rc.openTunnel()
	}
	if rc.route.Chain.EditsReply() {
		return rc.editReply()
	}
	rc.relayHead(h.Status, h.Reason, h.Fields)
	rc.relayBody()
	return nil
}

// editReply runs the response hooks on the reply.
func (rc *requestContext) editReply() error {
	up, c, r := rc.up, rc.route.Chain, &rc.x.Reply
	rc.loadReply()
	if c.ReplyBody() && r.Streamed {
		var err error
		if r.Body, err = up.Collect(&rc.replyBody, c.BodyLimit()); err != nil {
			return err
		}
		r.Streamed = false
	}
	if err := c.HandleReply(rc.x); err != nil {
		return err
	}
	if !r.Streamed {
		rc.answer()
		return nil
	}
	rc.relayHead(r.Status, rc.reasonOf(r.Status), r.Header)
	if h1.Bodiless(r.Status) {
		up.KeepOut()
		return nil
	}
	rc.relayBody()
	return nil
}

// loadReply fills the exchange from the reply. The head is copied, since
// reading the body reuses the buffer that it is in.
func (rc *requestContext) loadReply() {
	h, r := &rc.up.Head, &rc.x.Reply
	rc.head = rc.head[:0]
	for i := range h.Fields {
		rc.head = append(append(rc.head, h.Fields[i].Name...), h.Fields[i].Value...)
	}
	rc.head = append(rc.head, h.Reason...)
	rest := rc.head
	r.Status = h.Status
	for i := range h.Fields {
		var field abi.Field
		n, v := len(h.Fields[i].Name), len(h.Fields[i].Value)
		field.Name, field.Value, rest = rest[:n:n], rest[n:n+v:n+v], rest[n+v:]
		r.Header = append(r.Header, field)
	}
	h.Reason = rest
	r.Body, r.Streamed = nil, rc.up.BodyLeft() != 0
}

// reasonOf returns the upstream's reason phrase while it fits the status.
func (rc *requestContext) reasonOf(status int) []byte {
	if status != rc.up.Head.Status {
		return nil
	}
	return rc.up.Head.Reason
}

// relayHead replies with a head whose body is the upstream's.
func (rc *requestContext) relayHead(status int, reason []byte, fields abi.Header) {
	rc.stage = stageReplied
	rc.client.SetHead(status, reason, fields)
}

// relayBody passes the rest of the upstream's body on. A body that has arrived
// as a whole is copied, so that it leaves in one write with the head and the
// connection is free at once.
func (rc *requestContext) relayBody() {
	if rc.up.BodyLeft() == 0 {
		return
	}
	if rc.client.IsHead() {
		rc.up.KeepOut() // a plugin has made another request of it, and the client gets no body
		return
	}
	var ok bool
	if rc.reply, ok = rc.up.Whole(rc.reply[:0]); ok {
		rc.client.SetBody(rc.reply)
		return
	}
	rc.dropBody()
	rc.client.StreamBody(rc.up, rc.up.BodyLeft(), !rc.up.Received())
}
