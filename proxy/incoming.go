package proxy

import (
	"errors"
	"fmt"
	"io"

	"github.com/c386954a/sallyport/abi"
)

// firstPiece is how much of a request body is read before the upstream is
// asked for: bodies up to this size are sent with the head in one write, and
// can be sent again.
const firstPiece = 16 << 10

// incoming is the request body as the client sends it, without framing.
//
// fasthttp ends a body without an error when the connection ends where a
// chunk could begin, or in the middle of a body of known length. A request
// that was broken off would pass for complete, so the end is checked here.
type incoming struct {
	flight *flight
	n      int64
}

// Read reads what has arrived and waits only if nothing has.
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.flight.ctx.RequestBodyStream().Read(p)
	b.n += int64(n)
	if err == io.EOF && !b.complete() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *incoming) complete() bool {
	if b.flight.chunked {
		// The last chunk has no reason to read up to the end of the stream.
		return !b.flight.conn.sawEnd
	}
	return b.n == b.flight.length
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
	body := &f.incoming
	if cap(f.body) < firstPiece {
		f.body = make([]byte, 0, firstPiece)
	}
	for len(f.body) < firstPiece {
		n, err := body.Read(f.body[len(f.body):firstPiece])
		f.body = f.body[:len(f.body)+n]
		if errors.Is(err, io.EOF) {
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

// needsBody reports whether plugins need a request body that is still to be
// read.
func (f *flight) needsBody() bool {
	return f.route.Chain.RequestBody() && f.hasBody() && !f.known()
}

// known reports whether the exchange has the whole body: the client's, or one
// that a plugin has put in its place.
func (f *flight) known() bool { return f.buffered || f.x.Edited(abi.RequestBody) }

// checkLength refuses a body that says itself that it is too large for the
// plugins that need it.
func (f *flight) checkLength() error {
	if limit := f.route.Chain.BodyLimit(); limit > 0 && f.length > int64(limit) {
		return faultLarge
	}
	return nil
}

// prepareBody makes the request body ready for the plugins of the API.
func (f *flight) prepareBody() error {
	c := f.route.Chain
	if f.needsBody() {
		if err := f.readBody(c.BodyLimit()); err != nil {
			return err
		}
	}
	f.x.Request.Streamed = f.hasBody() && !f.known()
	if limit := c.BodyLimit(); c.RequestBody() && limit > 0 && len(f.x.Request.Body) > limit {
		return faultLarge // another API took it
	}
	return nil
}

// readBody buffers the request body for the plugins that need it.
func (f *flight) readBody(limit int) error {
	if err := f.checkLength(); err != nil {
		return err
	}
	body := &f.incoming
	for {
		if len(f.body) == cap(f.body) {
			f.body = append(f.body, make([]byte, max(cap(f.body), 4<<10))...)[:len(f.body)]
		}
		n, err := body.Read(f.body[len(f.body):cap(f.body)])
		f.body = f.body[:len(f.body)+n]
		if limit > 0 && len(f.body) > limit {
			return faultLarge
		}
		if errors.Is(err, io.EOF) {
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
