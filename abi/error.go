package abi

import (
	"errors"
	"fmt"
)

// Kind classifies an [Error]. It decides what the client gets and what
// happens to the instance; see the fault table in ARCHITECTURE.md.
type Kind uint8

const (
	// Trap means that the plugin broke off: trap, throw, panic, exit. 500.
	Trap Kind = iota
	// Timeout means that the deadline passed, host calls and queueing included. 504.
	Timeout
	// Limit means that a memory, stack or size limit was reached. 500.
	Limit
	// Protocol means that the plugin answered with something that is not valid. 500.
	Protocol
	// Gone means that the process died while it had the call. 500.
	Gone
	// Busy means that every instance was taken until the deadline. 503.
	Busy
	// Unavailable means that the process or the store is down; nothing was tried. 503.
	Unavailable
	// Refused means that the plugin cannot be loaded or bound like this. Load only.
	Refused
	// Cancelled means that the client has gone, so that nobody waits any more. 499.
	Cancelled

	// KindCount is the number of kinds, for tables indexed by Kind.
	KindCount = int(Cancelled) + 1
)

var kindNames = [KindCount]string{
	"trap", "timeout", "limit", "protocol", "gone", "busy", "unavailable", "refused", "cancelled",
}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) >= KindCount {
		return "unknown"
	}
	return kindNames[k]
}

// Status returns the HTTP status a client gets for a fault of this kind when
// the hook fails closed.
func (k Kind) Status() int {
	switch k {
	case Timeout:
		return 504
	case Busy, Unavailable:
		return 503
	case Cancelled:
		return 499
	default:
		return 500
	}
}

// Error is the one error type at the border between gateway and plugins. Its
// text is for the log; clients never see it.
type Error struct {
	Kind Kind
	Err  error // what happened; never nil
}

// Errorf returns an *Error of the given kind with a formatted message; %w
// wraps as in fmt.Errorf.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// Error returns the kind and what happened.
func (e *Error) Error() string { return e.Kind.String() + ": " + e.Err.Error() }

// Unwrap returns what happened.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first *Error in err's tree, or Trap if there
// is none: an unclassified failure of a plugin counts as its crash.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Trap
}

// ErrClientGone ends a call whose client has gone.
var ErrClientGone = &Error{Cancelled, errors.New("the client has gone")}

// Errors of the edit methods. They are values, so that refusing an edit does
// not allocate on the way of a request.
var (
	ErrName     = &Error{Protocol, errors.New("not a valid header name")}
	ErrValue    = &Error{Protocol, errors.New("control character in a header value")}
	ErrMethod   = &Error{Protocol, errors.New("not a valid method")}
	ErrTarget   = &Error{Protocol, errors.New("not a valid request target: want a path and query that start with /")}
	ErrHost     = &Error{Protocol, errors.New("not a valid host")}
	ErrStatus   = &Error{Protocol, errors.New("not a final status code: want 200 to 599")}
	ErrRedirect = &Error{Protocol, errors.New("not a valid redirect: want an API and a path that starts with /")}
	ErrReadOnly = &Error{Protocol, errors.New("this part cannot be edited in this hook")}
	ErrTooMany  = &Error{Limit, errors.New("header fields or metadata exceed their limit")}
	ErrBodySize = &Error{Limit, errors.New("body exceeds max_body")}
)

// Events that an answer may stand for.
const (
	AuthFailure       = "AuthFailure"
	KeyExpired        = "KeyExpired"
	QuotaExceeded     = "QuotaExceeded"
	RatelimitExceeded = "RatelimitExceeded"
	VersionFailure    = "VersionFailure"
)

// Cause is why a plugin turned a request away. Subscribers of the event hook
// are told; the client is not. The zero value leaves it to the hook.
type Cause struct {
	Event   string // one of the constants above, or a name of the plugin's own
	Message string
	Reason  string // more about it; VersionFailure has one
	Key     []byte // the credential that was shown; nil means the session's key id
}

// SetCause says why the plugin is about to answer. It is legal wherever there
// is no reply yet, and forgotten if the plugin then lets the request go on.
// It does not allocate: the bytes of the key must be those of the exchange,
// or never change.
func (x *Exchange) SetCause(c Cause) error {
	if !x.Hook.BeforeReply() {
		return ErrReadOnly
	}
	x.touch(CausePart)
	x.cause = c
	return nil
}

// Cause returns why the request was turned away.
func (x *Exchange) Cause() Cause { return x.cause }

// Reject is [Exchange.Answer] with an error that is final: the response hooks
// do not see it, whatever the API does with other answers.
func (x *Exchange) Reject(status int, body []byte) error {
	if err := x.Answer(status, body); err != nil {
		return err
	}
	x.touch(FinalPart)
	x.final = true
	return nil
}

// Rejected reports whether the reply was made by [Exchange.Reject].
func (x *Exchange) Rejected() bool { return x.final }
