package sallyport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Result is what a call changes. Only what is set is changed.
type Result struct {
	Action   string            `json:"action"` // "continue", "respond"; in auth "allow", "deny", "respond"
	Request  *Edits            `json:"request,omitempty"`
	Response *Edits            `json:"response,omitempty"`
	Session  *Session          `json:"session,omitempty"`
	Meta     map[string]string `json:"meta,omitempty"`
	CacheTTL int64             `json:"cache_ttl_ms,omitempty"`
}

// Edits change a request or a reply: delete, then set, then add.
type Edits struct {
	DeleteHeaders  []string            `json:"delete_headers,omitempty"`
	SetHeaders     Fields              `json:"set_headers,omitempty"`
	AddHeaders     []Field             `json:"add_headers,omitempty"`
	Method         string              `json:"method,omitempty"`
	URL            string              `json:"url,omitempty"`
	Host           string              `json:"host,omitempty"`
	DeleteParams   []string            `json:"delete_params,omitempty"`
	AddParams      map[string]string   `json:"add_params,omitempty"`      // replaces
	ExtendedParams map[string][]string `json:"extended_params,omitempty"` // appends
	StatusCode     int                 `json:"status_code,omitempty"`
	Text           *string             `json:"body,omitempty"`
	Raw            *[]byte             `json:"raw_body,omitempty"`
	Overrides      *Overrides          `json:"return_overrides,omitempty"`
}

// SetBody replaces the body, in the form that costs least.
func (e *Edits) SetBody(b []byte) {
	e.Text, e.Raw = nil, nil
	if utf8.Valid(b) {
		text := string(b)
		e.Text = &text
		return
	}
	e.Raw = &b
}

// Overrides are an answer in Tyk's form. From 400 on the gateway gives it the
// shape of its own errors, unless OverrideError is set.
type Overrides struct {
	ResponseCode  int               `json:"response_code,omitempty"`
	ResponseBody  string            `json:"response_body,omitempty"`
	ResponseError string            `json:"response_error,omitempty"`
	Headers       map[string]string `json:"headers,omitempty"`
	OverrideError bool              `json:"override_error,omitempty"`
}

// Edit lets the request go on with changes.
func Edit(e Edits) *Result { return &Result{Action: "continue", Request: &e} }

// EditReply changes the reply, in the response hook.
func EditReply(e Edits) *Result { return &Result{Action: "continue", Response: &e} }

// Respond answers the client instead of the upstream.
func Respond(status int, body []byte, header ...Field) *Result {
	e := Edits{StatusCode: status, AddHeaders: header}
	e.SetBody(body)
	return &Result{Action: "respond", Response: &e}
}

// Refuse answers with an error of the gateway's shape.
func Refuse(status int, text string) *Result {
	return &Result{Action: "respond", Request: &Edits{Overrides: &Overrides{ResponseCode: status, ResponseError: text}}}
}

// Allow lets the caller in, in auth. The session's KeyID names the key:
// without one no counter is shared between requests.
func Allow(s *Session) *Result { return &Result{Action: "allow", Session: s} }

// Deny refuses the caller, in auth: 403, in the gateway's words.
func Deny() *Result { return &Result{Action: "deny"} }

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
