package abi

// Dialect is what differs for an API that was written for another gateway. A
// nil *Dialect stands for the rules of this one.
//
// Whoever knows the other gateway makes a Dialect once; it never changes
// afterwards, and its functions are safe for concurrent use. They must not keep
// what they are given.
type Dialect struct {
	Name string // for messages and configuration files

	// Order are the hooks before the reply in the order in which they run.
	Order []Hook
	// Shown are the hooks whose answers the response hooks see. Answers that
	// are final, see [Exchange.Reject], are never shown.
	Shown HookSet
	// MaxStatus is the largest status that a plugin may answer with.
	MaxStatus int

	// Fault returns what the client is told of an error in a plugin: the
	// model it runs in, the hook, and what went wrong.
	Fault func(model string, h Hook, err error) Refusal
	// AppendError appends the body of an error reply to the request and returns
	// it with its media type.
	AppendError func(dst []byte, r *Request, text string) (body, mime []byte)
	// FinalAnswers keeps the response hooks from seeing answers that a process
	// gives instead of the upstream, unless it sends a whole response.
	FinalAnswers bool
	// ParseRedirect reads a URL that a process gives a request. ok says that it
	// is meant for the gateway; an error, that it is not a valid one then.
	ParseRedirect func(url []byte) (r Redirect, ok bool, err error)
	// RedirectReply makes a redirect of the request out of an answer that sends
	// the client to such a URL.
	RedirectReply func(x *Exchange) error

	// EventName returns the name of the event that an answer stands for, or
	// nothing. given is that of its [Cause].
	EventName func(h Hook, given string) string
	// EventData returns the payload of that event, to be written as JSON.
	EventData func(x *Exchange) any

	// AppendPath appends the path to ask an upstream for: what is left of the
	// request's path below the upstream's own.
	AppendPath func(dst, base, path []byte) []byte

	// Refusals are the answers of native steps, by the name of what is wrong.
	// A step gives its own answer where there is none.
	Refusals map[string]Refusal
	// LengthRequired makes the native size limit turn away a POST, PUT or PATCH
	// that does not state its length, even if it has no body.
	LengthRequired bool
}

// Refusal is an error reply: its status, and the text that tells the client.
type Refusal struct {
	Status int
	Text   string
}

// nativeOrder is never written to.
var nativeOrder = []Hook{Pre, Auth, PostKeyAuth, RateLimit, Post, Virtual}

// String returns the name, or native.
func (d *Dialect) String() string {
	if d == nil {
		return "native"
	}
	return d.Name
}

// Hooks returns the hooks before the reply in the order in which they run. The
// caller must not write to it.
func (d *Dialect) Hooks() []Hook {
	if d == nil {
		return nativeOrder
	}
	return d.Order
}

// Shows reports whether the response hooks see what a plugin answers in h.
func (d *Dialect) Shows(h Hook) bool {
	if d == nil {
		return h == Virtual
	}
	return d.Shown.Has(h)
}

// maxStatus returns the largest status of a reply.
func (d *Dialect) maxStatus() int {
	if d == nil {
		return 599
	}
	return d.MaxStatus
}

// dialect returns that of the API, if there is an API.
func (x *Exchange) dialect() *Dialect {
	if x.API == nil {
		return nil
	}
	return x.API.Dialect
}

// RejectAs answers with an error in the form of a dialect, which must not be
// nil. It is final as with [Exchange.Reject].
func (x *Exchange) RejectAs(d *Dialect, status int, text string) error {
	var mime []byte
	x.scratch, mime = d.AppendError(x.scratch[:0], &x.Request, text)
	if err := x.Reject(status, x.scratch); err != nil {
		return err
	}
	return x.SetHeader(OfReply, contentType, mime)
}

// contentType is never written to.
var contentType = []byte("Content-Type")
