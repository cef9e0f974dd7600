package proxy

import (
	"errors"
	"fmt"
	"time"
)

// exchange sends the request and reads the head of the reply. On success f.up
// is the connection, with the body to be read.
//
// A request is sent a second time only when all of this holds: the connection
// came from the pool, not one byte of a reply arrived, the method is
// idempotent, and the body can be had again. Then the upstream has most
// likely closed an idle connection, and repeating does no harm if it has not.
func (f *flight) exchange() error {
	if err := f.readFirst(); err != nil {
		return err
	}
	if f.gateway.cfg.Observe != nil {
		defer f.clock(time.Now())
	}
	err := f.attempt(false)
	if err != nil && f.repeatable(err) {
		f.access.Retried = true
		err = f.attempt(true)
	}
	return err
}

func (f *flight) clock(start time.Time) { f.access.UpstreamTime = time.Since(start) }

// errStale marks a failure on a pooled connection before any byte of a reply.
var errStale = errors.New("pooled connection failed")

func (f *flight) repeatable(err error) bool {
	return errors.Is(err, errStale) && idempotent(f.x.Request.Method) && (f.buffered || !f.hasBody())
}

// idempotent reports whether a method may be repeated (RFC 9110 section
// 9.2.2).
func idempotent(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// attempt sends the request on one connection and reads the reply's head.
func (f *flight) attempt(fresh bool) error {
	up, err := f.route.Upstream.acquire(fresh)
	if err != nil {
		return err
	}
	f.up = up
	if err = f.readReply(up, f.sendRequest(up)); err != nil {
		return f.giveUp(up, err)
	}
	f.settleUpload()
	return nil
}

// giveUp closes the connection and says why.
func (f *flight) giveUp(up *upConn, err error) error {
	stale := up.used && !up.late.Load() && !up.seen && !errors.Is(err, errClient)
	late := up.late.Load()
	if sendErr := f.endUpload(); errors.Is(sendErr, errClient) {
		err = f.bodyFailed(sendErr)
	}
	f.up = nil
	up.shrink()
	up.upstream.discard(up)
	switch {
	case errors.Is(err, errClient):
		return err
	case late:
		return fmt.Errorf("%w: %w", faultTimeout, err)
	case stale:
		return fmt.Errorf("%w: %w: %w", faultUpstream, errStale, err)
	}
	if _, ok := errors.AsType[*fault](err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", faultUpstream, err)
}

// sendRequest sends the head with as much of the body as there is. The rest
// is sent by a goroutine of its own, so that an upstream that answers early
// is heard.
func (f *flight) sendRequest(up *upConn) error {
	up.r, up.w, up.seen = 0, 0, false
	up.req = f.storeRequest(up.req[:0])
	if f.buffered || !f.hasBody() {
		body := f.x.Request.Body
		f.access.BytesIn = int64(len(body))
		if len(body) <= firstPiece {
			up.req = append(up.req, body...)
			return up.send(up.req)
		}
		if err := up.send(up.req); err != nil {
			return err
		}
		return up.send(body)
	}
	if err := up.send(up.req); err != nil {
		return err
	}
	f.startUpload(up)
	return nil
}

// readReply reads the head of the reply. An upstream may answer without
// reading the whole request and close; then sending fails, and the answer is
// still what the client must get.
func (f *flight) readReply(up *upConn, sendErr error) error {
	if f.upload == nil {
		up.in.set(phaseReply) // else whoever sends the body sees to it
	}
	err := up.readHead()
	up.in.set(phaseNone)
	if err != nil {
		if sendErr != nil {
			return sendErr
		}
		return err
	}
	if sendErr != nil {
		up.head.close = true
	}
	up.body.begin(&up.head, string(f.x.Request.Method) == "HEAD")
	return nil
}
