package sallyport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Codes of error answers.
const (
	CodeFailed      = -32603 // the handler failed: 500
	CodeOverloaded  = 4004   // nothing was done: 503, or another try
	CodeUnavailable = 4006   // something that the handler depends on failed: 503

	codeNotJSON     = -32700
	codeBadRequest  = -32600
	codeNoMethod    = -32601
	codeBadParams   = -32602
	codeNotReady    = -32002
	codeCancelled   = -32800
	codeNoProtocol  = 4001
	codeNoHandler   = 4002
	codeUnknownAPI  = 4003
	codeShuttingOff = 4005
)

// Error is an error answer with a code of its own. The text goes to the
// gateway's log, never to the client.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// Error returns code and message.
func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// Unavailable says that something the handler depends on failed.
func Unavailable(err error) error { return &Error{Code: CodeUnavailable, Message: err.Error()} }

// Overloaded says that the call was not executed, and when to try again.
func Overloaded(after time.Duration) error {
	return &Error{CodeOverloaded, "overloaded", map[string]int64{"retry_after_ms": after.Milliseconds()}}
}

// faultOf returns the error answer for what a handler returned.
func faultOf(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: codeCancelled, Message: err.Error()}
	}
	return &Error{Code: CodeFailed, Message: err.Error()}
}

// answerLine encodes an answer; result is ignored if fault is not nil.
func answerLine(id *int64, result any, fault *Error) ([]byte, error) {
	var m any = struct {
		Version string `json:"jsonrpc"`
		ID      *int64 `json:"id"`
		Result  any    `json:"result"`
	}{"2.0", id, result}
	if fault != nil {
		m = struct {
			Version string `json:"jsonrpc"`
			ID      *int64 `json:"id"`
			Error   *Error `json:"error"`
		}{"2.0", id, fault}
	}
	b, err := json.Marshal(m)
	return append(b, '\n'), err
}
