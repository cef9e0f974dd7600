package rewrite

import (
	"errors"
	"fmt"
	"strings"
)

// ErrMalformed is wrapped by every [ModuleError] about bytes that are not a valid
// WebAssembly module.
var ErrMalformed = errors.New("malformed module")

// ErrUnsupported is wrapped by every [ModuleError] about a module that may be valid
// but uses something the sandbox refuses to run.
var ErrUnsupported = errors.New("unsupported module")

// ModuleError says where in a module rewriting stopped and why. It wraps
// [ErrMalformed] or [ErrUnsupported].
type ModuleError struct {
	Section  string // name of the section, empty for the module header
	Function int    // index in the function index space, -1 outside of code
	Offset   int    // bytes from the start of the module
	Opcode   int    // prefix byte in the upper 24 bits when there is one, -1 outside of code
	Reason   string

	kind error
}

// Error implements error.
func (e *ModuleError) Error() string {
	var b strings.Builder
	b.WriteString("rewrite: ")
	if e.Section != "" {
		b.WriteString(e.Section + " section, ")
	}
	if e.Function >= 0 {
		fmt.Fprintf(&b, "function %d, ", e.Function)
	}
	fmt.Fprintf(&b, "offset %#x", e.Offset)
	if e.Opcode >= 0 {
		b.WriteString(", opcode " + opcodeText(e.Opcode))
	}
	b.WriteString(": " + e.Reason)
	return b.String()
}

// Unwrap returns [ErrMalformed] or [ErrUnsupported].
func (e *ModuleError) Unwrap() error { return e.kind }

func opcodeText(op int) string {
	if op <= 0xff {
		return fmt.Sprintf("%#02x", op)
	}
	return fmt.Sprintf("%#02x %#02x", op>>prefixShift, op&subMask)
}
