package native

import (
	"errors"

	"github.com/c386954a/sallyport/abi"
)

// Code is the negative result of a host function. Results of zero and above
// are successes.
type Code int32

// The codes of version 1. They never change their meaning.
const (
	// CodeNotFound: there is no such field, value, session or member.
	CodeNotFound Code = -1
	// CodeFault: a pointer and its length leave the guest's memory.
	CodeFault Code = -2
	// CodeInvalid: an argument is not valid: a selector, a name, a status.
	CodeInvalid Code = -3
	// CodeReadOnly: this part cannot be edited in this hook.
	CodeReadOnly Code = -4
	// CodeLimit: a limit is exceeded.
	CodeLimit Code = -5
	// CodeStreamed: the body was not buffered for this hook.
	CodeStreamed Code = -6
	// CodeNoCall: no hook is running; the guest is being initialised.
	CodeNoCall Code = -7
	// CodeDenied: the key, URL or name is not among those that were granted.
	CodeDenied Code = -8
	// CodeUnavailable: the store or the network did not answer as it should.
	CodeUnavailable Code = -9
	// CodeTimeout: the deadline of the hook passed.
	CodeTimeout Code = -10
)

// lastCode is the lowest of them.
const lastCode = CodeTimeout

// refuse remembers why the host refused something and returns the code.
func (c *Call) refuse(code Code, why error) int64 {
	c.refused = why
	return int64(code)
}

// failed returns the code of a store that did not do what it was asked to.
func (c *Call) failed(err error) int64 {
	switch abi.KindOf(err) {
	case abi.Limit:
		return c.refuse(CodeLimit, err)
	case abi.Protocol:
		return c.refuse(CodeInvalid, err)
	}
	return c.unavailable(err)
}

// unavailable returns the code of something that gave no answer: because of
// the deadline, or because it is down.
func (c *Call) unavailable(err error) int64 {
	if c.expired() {
		return c.refuse(CodeTimeout, &abi.Error{Kind: abi.Timeout, Err: err})
	}
	return c.refuse(CodeUnavailable, &abi.Error{Kind: abi.Unavailable, Err: err})
}

// edited returns the result of an edit, and remembers why one was refused.
func (c *Call) edited(err error) int64 {
	if err == nil {
		return 0
	}
	c.refused = err
	switch {
	case errors.Is(err, abi.ErrReadOnly):
		return int64(CodeReadOnly)
	case abi.KindOf(err) == abi.Limit:
		return int64(CodeLimit)
	}
	return int64(CodeInvalid)
}
