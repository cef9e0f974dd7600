package proxy

import (
	"errors"
	"io"

	"github.com/c386954a/sallyport/abi"
)

// readFirst reads the start of a streamed request body, which may be all of it.
func (rc *requestContext) readFirst() error {
	rc.bodyRead = rc.bodyRead || rc.x.Edited(abi.RequestBody)
	if cap(rc.first) < firstPiece && !rc.wholeBody() {
		rc.first = make([]byte, 0, firstPiece)
	}
	for !rc.wholeBody() && len(rc.first) < firstPiece {
		n, err := rc.readInto(rc.first[len(rc.first):firstPiece])
		rc.first = rc.first[:len(rc.first)+n]
		if err != nil {
			return err
		}
		if rc.bodyRead {
			rc.x.Request.Body = rc.first
		}
		if rc.client.Head.Chunked {
			return nil // a client that sends chunks may wait for an answer to this one
		}
	}
	return nil
}

// readInto reads what has arrived of the request body, and notes its end.
func (rc *requestContext) readInto(p []byte) (int, error) {
	n, err := rc.client.Read(p)
	if errors.Is(err, io.EOF) {
		rc.bodyRead = true
		return n, nil
	}
	if err != nil {
		rc.client.Refuse()
	}
	return n, err
}

// needsBody reports whether plugins need a request body that has not been read.
func (rc *requestContext) needsBody() bool {
	return rc.route.Chain.RequestBody() && rc.client.Head.HasBody() && !rc.known()
}

// known reports whether the exchange has the whole body: the client's, or one
// that a plugin has put in its place.
func (rc *requestContext) known() bool { return rc.bodyRead || rc.x.Edited(abi.RequestBody) }

// checkLength refuses a body whose Content-Length is too large for the plugins
// that need it.
func (rc *requestContext) checkLength() error {
	if limit := rc.route.Chain.BodyLimit(); limit > 0 && rc.client.Head.Length > int64(limit) {
		return faultLarge
	}
	return nil
}

// prepareBody makes the request body ready for the plugins of the API.
func (rc *requestContext) prepareBody() error {
	c := rc.route.Chain
	if rc.needsBody() {
		if err := rc.readBody(c.BodyLimit()); err != nil {
			return err
		}
	}
	rc.x.Request.Streamed = rc.client.Head.HasBody() && !rc.known()
	if limit := c.BodyLimit(); c.RequestBody() && limit > 0 && len(rc.x.Request.Body) > limit {
		return faultLarge // an earlier API allowed a larger one
	}
	return nil
}

// readBody buffers the request body for the plugins that need it.
func (rc *requestContext) readBody(limit int) error {
	if err := rc.checkLength(); err != nil {
		return err
	}
	for !rc.bodyRead {
		space, err := rc.body.Space()
		if err != nil {
			return err
		}
		n, err := rc.readInto(space)
		rc.body.Fill(n)
		if err != nil {
			return err
		}
		if limit > 0 && rc.body.Len() > limit {
			return faultLarge
		}
	}
	whole, err := rc.body.Bytes()
	rc.x.Request.Body = whole
	return err
}

// dropBody gives the memory of the request body back where the reply may still
// take long.
func (rc *requestContext) dropBody() {
	if rc.upload == nil {
		rc.x.Request.Body = nil
		rc.body.Release()
	}
}
