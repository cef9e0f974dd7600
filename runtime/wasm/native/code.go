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
	// CodeLimit: the edit exceeds a limit.
	CodeLimit Code = -5
	// CodeStreamed: the body was not buffered for this hook.
	CodeStreamed Code = -6
	// CodeNoCall: no hook is running; the guest is being initialised.
	CodeNoCall Code = -7
)

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
