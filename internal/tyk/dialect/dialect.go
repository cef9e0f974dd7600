// Package dialect says what differs for an API that was written for Tyk: what
// plugins may answer, what clients and subscribers of events are told, and how
// the target for the upstream is put together.
package dialect

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// New returns the dialect.
//
// A virtual plugin comes before the post hooks, which then do not run. The
// response hooks see every answer of a plugin except those from pre, auth and
// the rate limit, and those that are errors.
func New() *abi.Dialect {
	return &abi.Dialect{
		Name:           "tyk",
		Order:          []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Virtual, abi.Post},
		Shown:          abi.SetOf(abi.PostKeyAuth, abi.Virtual, abi.Post),
		MaxStatus:      999, // scripts use codes of their own
		Fault:          faultOf,
		AppendError:    object.AppendError,
		FinalAnswers:   true,
		ParseRedirect:  object.ParseRedirect,
		RedirectReply:  object.RedirectReply,
		EventName:      eventName,
		EventData:      eventData,
		AppendPath:     appendPath,
		Refusals:       refusals(),
		LengthRequired: true,
	}
}

// faultOf returns what the client is told of a plugin's fault. Scripts and
// sandboxed plugins fail like Tyk's scripts, an external process like Tyk's
// coprocess.
func faultOf(model string, h abi.Hook, _ error) abi.Refusal {
	switch process := model == "coproc"; {
	case h == abi.Virtual:
		return abi.Refusal{Status: 500, Text: "Error during virtual endpoint execution. Contact Administrator for more details."}
	case process && h == abi.Auth:
		return abi.Refusal{Status: 403, Text: "Key not authorised"}
	case process, h == abi.Response:
		return abi.Refusal{Status: 500, Text: "Middleware error"}
	}
	return abi.Refusal{Status: 500, Text: "Internal Server Error"}
}

// appendPath puts exactly one slash between the paths, and none where nothing
// follows.
func appendPath(dst, base, path []byte) []byte {
	dst = append(dst, base...)
	path = bytes.TrimLeft(path, "/")
	if len(path) > 0 || len(base) == 0 {
		dst = append(dst, '/')
	}
	return append(dst, path...)
}
