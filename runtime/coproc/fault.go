package coproc

import (
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// Codes of error answers. The protocol's own are positive, because JSON-RPC
// reserves the others.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeNoMethod       = -32601
	codeInvalidParams  = -32602
	codeNotReady       = -32002
	codeCancelled      = -32800

	codeNoProtocol   = 4001
	codeNoHandler    = 4002
	codeNoGeneration = 4003
	codeOverloaded   = 4004
	codeLeaving      = 4005
	codeDependency   = 4006
)

// errorAnswer is an error answer. Its text is for the log only.
type errorAnswer struct {
	code          int
	message, data string
}

func (r *errorAnswer) Error() string {
	if r.data == "" {
		return fmt.Sprintf("process answered with error %d: %s", r.code, r.message)
	}
	return fmt.Sprintf("process answered with error %d: %s %s", r.code, r.message, r.data)
}

// maxData is how much of an error's data is kept.
const maxData = 1 << 10

func faultError(f *rpc.ErrorObject) *abi.Error {
	r := &errorAnswer{
		code:    f.Code,
		message: string(f.Message[:min(len(f.Message), maxData)]),
		data:    string(f.Data[:min(len(f.Data), maxData)]),
	}
	return &abi.Error{Kind: kindOf(f.Code), Err: r}
}

// kindOf maps a code to what the gateway does about it.
func kindOf(code int) abi.Kind {
	switch code {
	case codeParse, codeInvalidRequest, codeNoMethod, codeInvalidParams, codeNotReady,
		codeNoProtocol, codeNoHandler, codeNoGeneration:
		return abi.Protocol
	case codeCancelled: // before we asked for it: the handler saw the deadline first
		return abi.Timeout
	case codeOverloaded:
		return abi.Busy
	case codeLeaving, codeDependency:
		return abi.Unavailable
	}
	return abi.Trap
}
