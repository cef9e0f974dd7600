package proxy

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// firstPiece is how much of a request body is read before the upstream is
// asked for: bodies up to this size are sent with the head in one write, and
// can be sent again.
const firstPiece = 16 << 10

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
	start := time.Now()
	err := f.attempt(false)
	if err != nil && f.repeatable(err) {
		f.access.Retried = true
		err = f.attempt(true)
	}
	f.access.UpstreamTime = time.Since(start)
	return err
}

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

// readFirst reads the start of a streamed request body. If that is all of it,
// it counts as buffered from here on.
func (f *flight) readFirst() error {
	if f.x.Edited(abi.RequestBody) {
		f.buffered = true
	}
	if f.buffered || !f.hasBody() {
		return nil
	}
	body := f.ctx.RequestBodyStream()
	if cap(f.body) < firstPiece {
		f.body = make([]byte, 0, firstPiece)
	}
	for len(f.body) < firstPiece {
		n, err := body.Read(f.body[len(f.body):firstPiece])
		f.body = f.body[:len(f.body)+n]
		if err == io.EOF {
			f.buffered = true
			f.x.Request.Body = f.body
			return nil
		}
		if err != nil {
			return f.bodyFailed(err)
		}
		if f.chunked {
			return nil // whoever sends chunks may be waiting for an answer to this one
		}
	}
	return nil
}

// readBody buffers the request body for the plugins that need it.
func (f *flight) readBody(limit int) error {
	if limit > 0 && f.length > int64(limit) {
		return faultLarge
	}
	body := f.ctx.RequestBodyStream()
	for {
		if len(f.body) == cap(f.body) {
			f.body = append(f.body, make([]byte, max(cap(f.body), 4<<10))...)[:len(f.body)]
		}
		n, err := body.Read(f.body[len(f.body):cap(f.body)])
		f.body = f.body[:len(f.body)+n]
		if limit > 0 && len(f.body) > limit {
			return faultLarge
		}
		if err == io.EOF {
			f.buffered = true
			f.x.Request.Body = f.body
			return nil
		}
		if err != nil {
			return f.bodyFailed(err)
		}
	}
}

// errClient marks a failure of the client, not of the upstream.
var errClient = errors.New("client")

// bodyFailed says what to tell a client whose body could not be read.
func (f *flight) bodyFailed(err error) error {
	f.refused = true
	if f.conn.late.Load() {
		return fmt.Errorf("%w: %w: %w", faultSlow, errClient, err)
	}
	return fmt.Errorf("%w: %w: %w", faultBody, errClient, err)
}
