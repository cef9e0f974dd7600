package abi

// Limits of what one call may write into header fields, metadata and the
// request line; bodies are limited by BodyLimit.
const (
	// MaxFields is the most header fields or metadata values a message may
	// have after an edit.
	MaxFields = 512
	// MaxEditBytes is the most bytes of such edits in one call.
	MaxEditBytes = 256 << 10
)

// SetHeader replaces all header fields of that name by one. The first keeps
// its place; a new field goes to the end. The name is written as spelled. A
// field of the connection, see [IsConnectionField], is refused.
func (x *Exchange) SetHeader(m Message, name, value []byte) error {
	if IsConnectionField(name) {
		return connectionFieldError(string(name))
	}
	h, err := x.editHeader(m, name, value)
	if err != nil {
		return err
	}
	first := h.Index(name, 0)
	if first < 0 {
		return x.appendField(h, name, value)
	}
	(*h)[first] = Field{x.arena.copy(name), x.arena.copy(value)}
	*h = h.without(name, first+1)
	return nil
}

// AddHeader appends a header field; fields of the same name stay.
func (x *Exchange) AddHeader(m Message, name, value []byte) error {
	if IsConnectionField(name) {
		return connectionFieldError(string(name))
	}
	h, err := x.editHeader(m, name, value)
	if err != nil {
		return err
	}
	return x.appendField(h, name, value)
}

// DelHeader removes all header fields of that name. Removing one that is not
// there is no error.
func (x *Exchange) DelHeader(m Message, name []byte) error {
	h, err := x.editHeader(m, name, nil)
	if err != nil {
		return err
	}
	*h = h.without(name, 0)
	return nil
}

// SetMethod replaces the request method.
func (x *Exchange) SetMethod(method []byte) error {
	if !ValidName(method) {
		return ErrMethod
	}
	return x.setRequest(RequestMethod, &x.Request.Method, method)
}

// SetURI replaces path and query. They are sent to the upstream as they are:
// the caller percent-encodes.
func (x *Exchange) SetURI(uri []byte) error {
	if !validTarget(uri) {
		return ErrTarget
	}
	return x.setRequest(RequestURI, &x.Request.URI, uri)
}

// SetHost replaces the Host the request is for. It does not choose the
// upstream.
func (x *Exchange) SetHost(host []byte) error {
	if !validHost(host) {
		return ErrHost
	}
	return x.setRequest(RequestHost, &x.Request.Host, host)
}

// SetBody replaces a body; Content-Length follows. An empty body is legal.
func (x *Exchange) SetBody(m Message, body []byte) error {
	if x.BodyLimit > 0 && len(body) > x.BodyLimit {
		return ErrBodySize
	}
	if err := x.editable(m); err != nil {
		return err
	}
	if m == OfReply {
		x.touch(ReplyBody)
		x.Reply.Body, x.Reply.Streamed = x.arena.copy(body), false
		return nil
	}
	x.touch(RequestBody)
	x.Request.Body, x.Request.Streamed = x.arena.copy(body), false
	return nil
}

// SetStatus sets the status code of the reply: a final one, 200 to 599, or to
// what the dialect of the API allows.
func (x *Exchange) SetStatus(status int) error {
	if status < 200 || status > x.dialect().maxStatus() {
		return ErrStatus
	}
	if err := x.editable(OfReply); err != nil {
		return err
	}
	x.touch(ReplyStatus)
	x.Reply.Status = status
	return nil
}

// Answer replaces the whole reply by a status and a body without header
// fields. A plugin that answers in place of the upstream returns Respond
// afterwards.
func (x *Exchange) Answer(status int, body []byte) error {
	if err := x.SetStatus(status); err != nil {
		return err
	}
	x.touch(ReplyHeader)
	x.Reply.Header = x.Reply.Header[:0]
	return x.SetBody(OfReply, body)
}

// SetMeta leaves a value for later plugins of this request.
func (x *Exchange) SetMeta(name, value []byte) error {
	if len(name) == 0 {
		return ErrName
	}
	if err := x.spend(len(name) + len(value)); err != nil {
		return err
	}
	i := x.Meta.index(name)
	if i < 0 && len(x.Meta) >= MaxFields {
		return ErrTooMany
	}
	x.touch(MetaPart)
	f := Field{x.arena.copy(name), x.arena.copy(value)}
	if i < 0 {
		x.Meta = append(x.Meta, f)
		return nil
	}
	x.Meta[i] = f
	return nil
}

// SetSession sets the session. It is legal in the auth hook only; the session
// must not be changed afterwards. A gateway that keeps sessions stores it
// under its key id.
func (x *Exchange) SetSession(s *Session) error {
	if x.Hook != Auth {
		return ErrReadOnly
	}
	x.touch(SessionPart)
	x.Session, x.journal.unsaved = s, true
	return nil
}

// UseSession sets a session that was found in the store, so that there is
// nothing of it to be saved. It is legal in the hooks auth and post_key_auth.
func (x *Exchange) UseSession(s *Session) error {
	if x.Hook != Auth && x.Hook != PostKeyAuth {
		return ErrReadOnly
	}
	x.touch(SessionPart)
	x.Session, x.journal.unsaved = s, false
	return nil
}

// Unsaved reports whether the call that is running has changed the session
// from what the store has.
func (x *Exchange) Unsaved() bool { return x.journal.unsaved }

// SetMetadata replaces the metadata of the session for the rest of the
// request. It is legal wherever there is a session. The map must not be
// changed afterwards.
func (x *Exchange) SetMetadata(metadata map[string]any) error {
	if x.Session == nil || x.Hook == Event {
		return ErrReadOnly
	}
	x.touch(SessionPart)
	s := *x.Session
	s.Metadata = metadata
	x.Session, x.journal.unsaved = &s, true
	return nil
}

// setRequest replaces one part of the request line.
func (x *Exchange) setRequest(p Part, dst *[]byte, value []byte) error {
	if err := x.editable(OfRequest); err != nil {
		return err
	}
	if err := x.spend(len(value)); err != nil {
		return err
	}
	x.touch(p)
	*dst = x.arena.copy(value)
	return nil
}

// editHeader checks an edit of a header field and opens the list for it.
func (x *Exchange) editHeader(m Message, name, value []byte) (*Header, error) {
	switch {
	case !ValidName(name):
		return nil, ErrName
	case !ValidValue(value):
		return nil, ErrValue
	}
	if err := x.editable(m); err != nil {
		return nil, err
	}
	if err := x.spend(len(name) + len(value)); err != nil {
		return nil, err
	}
	if m == OfReply {
		x.touch(ReplyHeader)
		return &x.Reply.Header, nil
	}
	x.touch(RequestHeader)
	return &x.Request.Header, nil
}

// editable reports ErrReadOnly where the running hook has no say.
func (x *Exchange) editable(m Message) error {
	if x.Hook == Event || (m == OfRequest && !x.Hook.BeforeReply()) {
		return ErrReadOnly
	}
	return nil
}

func (x *Exchange) spend(n int) error {
	if x.journal.spent+n > MaxEditBytes {
		return ErrTooMany
	}
	x.journal.spent += n
	return nil
}

func (x *Exchange) appendField(h *Header, name, value []byte) error {
	if len(*h) >= MaxFields {
		return ErrTooMany
	}
	*h = append(*h, Field{x.arena.copy(name), x.arena.copy(value)})
	return nil
}

// without removes the fields of that name at or after from, in place.
func (h Header) without(name []byte, from int) Header {
	kept := h[:from]
	for _, f := range h[from:] {
		if !EqualFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	clear(h[len(kept):])
	return kept
}
