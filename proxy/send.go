package proxy

import (
	"errors"
	"time"

	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// roundTrip sends the request and reads the head of the reply. On success
// rc.up is the connection, with the body to be read.
//
// A request is sent a second time only when all of this holds: the connection
// came from the pool, not one byte of a reply arrived, the method is
// idempotent, and the body is still there. Then the upstream has most likely
// closed an idle connection, and repeating does no harm if it has not.
func (rc *requestContext) roundTrip() error {
	if err := rc.readFirst(); err != nil {
		return err
	}
	if rc.gateway.observe != nil {
		defer rc.clock(time.Now())
	}
	err := rc.attempt(false)
	if errors.Is(err, upstream.ErrStale) && idempotent(rc.x.Request.Method) && rc.wholeBody() {
		rc.access.Retried = true
		err = rc.attempt(true)
	}
	return err
}

func (rc *requestContext) clock(start time.Time) { rc.access.UpstreamTime = time.Since(start) }

// wholeBody reports whether the body is in the exchange, if there is one.
func (rc *requestContext) wholeBody() bool { return rc.bodyRead || !rc.client.Head.HasBody() }

// idempotent reports whether a method may be repeated (RFC 9110 section
// 9.2.2).
func idempotent(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// attempt sends the request on one connection and reads the reply's head. An
// upstream may answer without reading the whole request, and close. Then
// sending fails, and the client must still get the answer.
func (rc *requestContext) attempt(fresh bool) error {
	up, err := rc.route.Upstream.Acquire(fresh, rc.x.Gone)
	if err != nil {
		return err
	}
	rc.up = up
	if !rc.client.AbortWhenGone(up) {
		return rc.abandon(h1.ErrClientGone)
	}
	sendErr := rc.sendRequest()
	if err := up.ReadHead(string(rc.x.Request.Method) == "HEAD"); err != nil {
		if sendErr != nil {
			err = sendErr
		}
		return rc.abandon(err)
	}
	if sendErr != nil {
		up.KeepOut()
	}
	rc.finishUpload()
	return nil
}

// abandon closes the connection and says what the failure means.
func (rc *requestContext) abandon(err error) error {
	gone := !rc.client.AbortWhenGone(nil)
	err = rc.up.Failure(err)
	if bodyErr := rc.stopUpload(); bodyErr != nil {
		rc.client.Refuse()
		err = bodyErr
	}
	rc.up.Discard()
	rc.up = nil
	if gone {
		return h1.ErrClientGone
	}
	return err
}

// firstPiece is how much of a request body is read before the request is
// sent: bodies up to this size are sent with the head in one write, and can be
// sent again.
const firstPiece = 16 << 10

// sendRequest sends the head with as much of the body as there is. The rest
// is sent by a goroutine of its own, so that the answer of an upstream that
// does not wait for it is read at once.
func (rc *requestContext) sendRequest() error {
	up := rc.up
	up.Request = rc.appendRequest(up.Request[:0])
	if !rc.wholeBody() {
		if err := up.Send(up.Request); err != nil {
			return err
		}
		rc.upload = up.StartUpload(rc.first, rc.client, rc.client.Head.Chunked)
		return nil
	}
	body := rc.x.Request.Body
	rc.access.BytesIn = int64(len(body))
	if len(body) <= firstPiece {
		up.Request = append(up.Request, body...)
		return up.Send(up.Request)
	}
	if err := up.Send(up.Request); err != nil {
		return err
	}
	return up.Send(body)
}

// finishUpload is called when the reply has begun. Usually the body has been
// sent by then. If not, both go on at once, but the client's connection ends
// with this reply: nobody knows where the rest of the body will be.
func (rc *requestContext) finishUpload() {
	if rc.upload == nil {
		return
	}
	if !rc.upload.AllRead() {
		rc.client.Refuse()
		return
	}
	rc.access.BytesIn, _ = rc.upload.Wait()
	rc.upload = nil
}

// stopUpload ends an upload, by force if need be. It returns the error of
// reading the body, if there was one.
func (rc *requestContext) stopUpload() (bodyErr error) {
	if rc.upload == nil {
		return nil
	}
	rc.up.KeepOut()
	if !rc.upload.Ended() {
		rc.client.Refuse()
		rc.up.Abort()
		rc.client.Interrupt()
	}
	rc.access.BytesIn, bodyErr = rc.upload.Wait()
	rc.upload = nil
	return bodyErr
}
