package abi

import "time"

// Part names a part of an exchange that plugins may edit. Parts combine.
type Part uint16

// The parts of an exchange.
const (
	RequestHeader Part = 1 << iota
	RequestMethod
	RequestURI
	RequestHost
	RequestBody
	ReplyStatus
	ReplyHeader
	ReplyBody
	SessionPart
	MetaPart
	RedirectPart
	FinalPart
	CausePart

	replyParts = ReplyStatus | ReplyHeader | ReplyBody | FinalPart | CausePart
)

// journal remembers what the touched parts of an exchange were before the
// call, so that its edits can be taken back. Edits go to the exchange itself:
// reading one's own edits costs nothing, and a call without edits writes
// nothing here. See RATIONALE.md, "Why an undo journal?".
type journal struct {
	touched Part
	spent   int  // bytes of edits in this call, bodies aside
	unsaved bool // the session differs from the stored one since this call

	request       Request
	reply         Reply
	session       *Session
	meta          Meta
	redirect      int
	cause         Cause
	final         bool
	requestHeader Header // backing store for request.Header, kept between calls
	replyHeader   Header
}

func (j *journal) reset() {
	*j = journal{
		meta:          Meta(clearFields(Header(j.meta))),
		requestHeader: clearFields(j.requestHeader),
		replyHeader:   clearFields(j.replyHeader),
	}
}

// Begin opens the transaction of one plugin call. Only the chain calls it.
func (x *Exchange) Begin(h Hook, deadline time.Time) {
	x.Hook, x.Deadline = h, deadline
	x.journal.touched, x.journal.spent, x.journal.unsaved = 0, 0, false
}

// Commit keeps the edits of the call. A plugin that let a request continue
// has no say in the reply: what it prepared there is dropped. Only the chain
// calls it.
func (x *Exchange) Commit(v Verdict) {
	if v == Continue && x.Hook.BeforeReply() {
		x.undo(replyParts)
	}
	x.edited |= x.journal.touched
	x.journal.touched = 0
}

// Discard takes all edits of the call back. Only the chain calls it.
func (x *Exchange) Discard() {
	x.undo(^Part(0))
	x.journal.touched = 0
}

// Touched returns the parts edited by the call that is running.
func (x *Exchange) Touched() Part { return x.journal.touched }

// touch saves a part before its first edit in this call.
func (x *Exchange) touch(p Part) {
	j := &x.journal
	if j.touched&p != 0 {
		return
	}
	j.touched |= p
	switch p {
	case RequestHeader:
		j.requestHeader = append(j.requestHeader[:0], x.Request.Header...)
	case RequestMethod:
		j.request.Method = x.Request.Method
	case RequestURI:
		j.request.URI = x.Request.URI
	case RequestHost:
		j.request.Host = x.Request.Host
	case RequestBody:
		j.request.Body, j.request.Streamed = x.Request.Body, x.Request.Streamed
	case ReplyStatus:
		j.reply.Status = x.Reply.Status
	case ReplyHeader:
		j.replyHeader = append(j.replyHeader[:0], x.Reply.Header...)
	case ReplyBody:
		j.reply.Body, j.reply.Streamed = x.Reply.Body, x.Reply.Streamed
	case SessionPart:
		j.session = x.Session
	case MetaPart:
		j.meta = append(j.meta[:0], x.Meta...)
	case RedirectPart:
		j.redirect = x.redirect
	case FinalPart:
		j.final = x.final
	case CausePart:
		j.cause = x.cause
	}
}

// undo restores those of the given parts that were touched.
func (x *Exchange) undo(parts Part) {
	j := &x.journal
	parts &= j.touched
	j.touched &^= parts
	if parts&RequestHeader != 0 {
		x.Request.Header = append(x.Request.Header[:0], j.requestHeader...)
	}
	if parts&RequestMethod != 0 {
		x.Request.Method = j.request.Method
	}
	if parts&RequestURI != 0 {
		x.Request.URI = j.request.URI
	}
	if parts&RequestHost != 0 {
		x.Request.Host = j.request.Host
	}
	if parts&RequestBody != 0 {
		x.Request.Body, x.Request.Streamed = j.request.Body, j.request.Streamed
	}
	if parts&ReplyStatus != 0 {
		x.Reply.Status = j.reply.Status
	}
	if parts&ReplyHeader != 0 {
		x.Reply.Header = append(x.Reply.Header[:0], j.replyHeader...)
	}
	if parts&ReplyBody != 0 {
		x.Reply.Body, x.Reply.Streamed = j.reply.Body, j.reply.Streamed
	}
	if parts&SessionPart != 0 {
		x.Session = j.session
	}
	if parts&MetaPart != 0 {
		x.Meta = append(x.Meta[:0], j.meta...)
	}
	if parts&RedirectPart != 0 {
		x.redirect = j.redirect
	}
	if parts&FinalPart != 0 {
		x.final = j.final
	}
	if parts&CausePart != 0 {
		x.cause = j.cause
	}
}

// maxArena is the largest buffer an arena keeps between requests.
const maxArena = 64 << 10

// arena holds the bytes of edits. Bytes never move once handed out: a full
// chunk is left to the garbage collector and a larger one takes its place.
type arena struct{ chunk []byte }

// copy returns a copy of b that lives until the next reset. It is never nil.
func (a *arena) copy(b []byte) []byte {
	if cap(a.chunk)-len(a.chunk) < len(b) || a.chunk == nil {
		// Doubling stops at what is kept anyway: the small edit after a large
		// body needs no chunk of twice the body.
		a.chunk = make([]byte, 0, max(min(2*cap(a.chunk), maxArena), len(b), 1024))
	}
	start := len(a.chunk)
	a.chunk = append(a.chunk, b...)
	return a.chunk[start:len(a.chunk):len(a.chunk)]
}

func (a *arena) reset() {
	if cap(a.chunk) > maxArena {
		a.chunk = nil
	}
	a.chunk = a.chunk[:0]
}
