package ingress

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// What is wrong with a request, in the words of the reply.
var (
	// ErrRequest is the answer to a request that cannot be understood.
	ErrRequest = &h1.StatusError{Status: 400, Text: "bad request"}

	errFraming     = &h1.StatusError{Status: 400, Text: "ambiguous message framing"}
	errField       = &h1.StatusError{Status: 400, Text: "invalid header field"}
	errHost        = &h1.StatusError{Status: 400, Text: "missing or invalid host"}
	errBody        = &h1.StatusError{Status: 400, Text: "broken request body"}
	errMethod      = &h1.StatusError{Status: 405, Text: "method not served"}
	errSlow        = &h1.StatusError{Status: 408, Text: "request timeout"}
	errURI         = &h1.StatusError{Status: 414, Text: "request target too long"}
	errExpectation = &h1.StatusError{Status: 417, Text: "expectation cannot be met"}
	errHeader      = &h1.StatusError{Status: 431, Text: "request header too large"}
	errCrowded     = &h1.StatusError{Status: 503, Text: "too many connections"}
	errVersion     = &h1.StatusError{Status: 505, Text: "protocol version not served"}
)

// RequestHead is what the fields of a request say about its body and its
// connection.
type RequestHead struct {
	Length    int64 // of the body; -1 if it comes in chunks
	HasLength bool  // there is a Content-Length
	Chunked   bool
	HTTP10    bool
	Host      []byte // as the client sent it

	named   bool // a Connection field names other fields
	hosts   int
	wants   bool   // Connection: upgrade
	closes  bool   // Connection: close, in any spelling
	upgrade []byte // the Upgrade field
}

// HasBody reports whether the client sends a body, even an empty one in chunks.
func (h *RequestHead) HasBody() bool { return h.Chunked || h.Length > 0 }

// Upgrade returns the protocol of the tunnel that the request asks for and may
// have, or nil.
//
// The protocol h2c is not given: it would open a second HTTP connection past
// the hooks, in which any path could be requested. RFC 9110 section 7.8 lets a
// server ignore the field.
func (h *RequestHead) Upgrade() []byte {
	if !h.wants || h.HTTP10 || h.HasBody() || h1.HasToken(h.upgrade, tokenH2C) {
		return nil
	}
	return h.upgrade
}

var (
	tokenUpgrade = []byte("upgrade")
	tokenClose   = []byte("close")
	tokenH2C     = []byte("h2c")
)

// Load fills the exchange from the request head. Nothing is copied: the
// exchange refers to fasthttp's memory, which stays until the reply is
// written.
//
// fasthttp has parsed the head already, and refused much. What it lets pass
// and an intermediary must not is found here, in the raw bytes: white space
// in field names, continued lines (it joins them), Content-Length together
// with Transfer-Encoding (it prefers the latter, an upstream may not), and
// Transfer-Encoding: identity.
func (s *Stream) Load() error {
	r, head := &s.X.Request, &s.ctx.Request.Header
	r.Method, r.URI, r.Proto = head.Method(), head.RequestURI(), head.Protocol()
	s.Head.HTTP10 = !head.IsHTTP11()
	err := s.loadFields(head.RawHeaders())
	s.identify()
	if err == nil {
		s.identifyClient()
		err = s.loadTarget()
	}
	if err != nil {
		s.refused = true
	}
	return err
}

// identify tells the exchange whose request it is.
func (s *Stream) identify() {
	if len(s.id) == 0 {
		s.id = s.server.ids.append(s.id)
	}
	s.X.RequestID = s.id
	s.X.Request.RemoteAddr, s.X.Request.TLS = s.conn.remote, s.conn.tls
}

func (s *Stream) loadFields(raw []byte) error {
	for len(raw) > 0 {
		var line []byte
		line, raw = h1.CutLine(raw)
		if len(line) == 0 {
			break
		}
		name, value, ok := h1.CutField(line)
		if !ok {
			return errField
		}
		if err := s.loadField(name, value); err != nil {
			return err
		}
	}
	if s.Head.named {
		r := &s.X.Request
		r.Header = h1.WithoutNamed(r.Header)
	}
	return s.checkFraming()
}

// spellExpect lets fasthttp find an Expect field in any spelling: it looks for
// one only, since names are not normalized (RFC 9110 sections 5.1 and 10.1.1).
func spellExpect(h *fasthttp.RequestHeader) (none fasthttp.RequestConfig) {
	if h.ContentLength() == 0 {
		return none
	}
	for name, value := range h.All() {
		if h1.KindOf(name) == h1.KindExpect && h1.IsName(value, "100-continue") {
			h.SetCanonical(canonicalExpect, canonicalContinue)
			return none
		}
	}
	return none
}

var (
	canonicalExpect   = []byte("Expect")
	canonicalContinue = []byte("100-continue")
)

func (s *Stream) loadField(name, value []byte) error {
	r, h := &s.X.Request, &s.Head
	switch h1.KindOf(name) {
	case h1.KindHost:
		if h.hosts++; h.hosts > 1 {
			return errHost
		}
		r.Host = value
		return nil
	case h1.KindLength:
		n, ok := h1.ParseLength(value)
		if !ok || h.HasLength {
			return errFraming
		}
		h.Length, h.HasLength = n, true
	case h1.KindEncoding:
		if h.Chunked || !h1.IsName(value, "chunked") {
			return errFraming
		}
		h.Chunked = true
	case h1.KindConnection:
		h.named = h.named || h1.NamesFields(value)
		h.closes = h.closes || h1.HasToken(value, tokenClose)
		h.wants = h.wants || h1.HasToken(value, tokenUpgrade)
	case h1.KindUpgrade:
		h.upgrade = value
	case h1.KindExpect:
		if !h1.IsName(value, "100-continue") && !h.HTTP10 {
			return errExpectation
		}
	case h1.KindRequestID:
		if len(s.id) > 0 || !saneRequestID(value) {
			return nil // the gateway's own takes its place
		}
		s.id = append(s.id, value...)
	case h1.KindForwardedFor, h1.KindForwarded, h1.KindForwardedList, h1.KindForwardedOther:
		if !s.conn.trusted {
			return nil
		}
	}
	if len(r.Header) >= abi.MaxFields {
		return errHeader
	}
	r.Header = append(r.Header, abi.Field{Name: name, Value: value})
	return nil
}

func (s *Stream) checkFraming() error {
	h := &s.Head
	if h.Chunked && (h.HasLength || h.HTTP10) {
		return errFraming
	}
	if h.Chunked {
		h.Length = -1
	}
	// What fasthttp will read as the body must be what we think it is.
	switch n := s.ctx.Request.Header.ContentLength(); {
	case h.Chunked != (n == -1), h.HasLength && int64(n) != h.Length, !h.HasLength && n > 0:
		return errFraming
	}
	return nil
}

// loadTarget checks the request target (RFC 9112 section 3.2) and turns an
// absolute one into path and query. The authority of an absolute target takes
// the place of Host, whatever that says.
func (s *Stream) loadTarget() error {
	r, h := &s.X.Request, &s.Head
	if string(r.Proto) != "HTTP/1.1" && string(r.Proto) != "HTTP/1.0" {
		return errVersion
	}
	if string(r.Method) == "CONNECT" {
		return errMethod
	}
	if limit := s.server.settings.Load().MaxURIBytes; limit > 0 && len(r.URI) > limit {
		return errURI
	}
	if bytes.IndexByte(r.URI, '#') >= 0 {
		return ErrRequest
	}
	if r.URI[0] != '/' && string(r.URI) != "*" {
		if err := s.loadAbsolute(); err != nil {
			return err
		}
	}
	if (len(r.Host) == 0 && !h.HTTP10) || !validHost(r.Host) {
		return errHost
	}
	s.host, r.Host = normalizeHost(r.Host, s.host)
	h.Host = r.Host
	s.resolveTarget()
	return nil
}

// resolveTarget removes dot segments from the path, so that routes, plugins
// and the upstream see one path (RFC 3986 section 5.2.4).
func (s *Stream) resolveTarget() {
	r := &s.X.Request
	if r.URI[0] != '/' {
		return
	}
	path, query, asked := bytes.Cut(r.URI, []byte{'?'})
	resolved := urlpath.Resolve(path, s.resolved)
	if len(resolved) == len(path) {
		return // nothing was removed
	}
	if !asked && &resolved[0] == &path[len(path)-len(resolved)] {
		r.URI = resolved
		return
	}
	s.resolved = append(s.resolved[:0], resolved...)
	if asked {
		s.resolved = append(append(s.resolved, '?'), query...)
	}
	r.URI = s.resolved
}

func (s *Stream) loadAbsolute() error {
	r := &s.X.Request
	scheme, rest, ok := bytes.Cut(r.URI, []byte("://"))
	if !ok || (!h1.IsName(scheme, "http") && !h1.IsName(scheme, "https")) {
		return ErrRequest
	}
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if r.Host = rest[:end]; end == 0 {
		return errHost
	}
	r.URI = rest[end:]
	if len(r.URI) == 0 || r.URI[0] != '/' {
		s.target = append(append(s.target[:0], '/'), r.URI...)
		r.URI = s.target
	}
	return nil
}

// validHost reports whether b has only bytes of a host and port, and no empty
// label before a dot. Parsers disagree about user names, about anything that
// ends an authority, and about how many dots at the end of a name are none.
func validHost(b []byte) bool {
	last := byte('.')
	for _, c := range b {
		if c == '.' && last == '.' {
			return false
		}
		last = c
		switch c {
		case '/', '\\', '@', '?', '#', ',', '"', '<', '>':
			return false
		}
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
