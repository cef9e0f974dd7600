package jsvm

import (
	"errors"
	"strings"

	"github.com/robertkrimen/otto"
)

// maxCode is the longest code a script may make at run time. Parsing is
// recursive, and a Go stack that overflows, at 1 GB, ends the process. The
// deepest nesting of 64 KiB, all brackets, was measured to take 256 MiB.
const maxCode = 64 << 10

// madeName is the file name of such code.
const madeName = "<made>"

// maxMadeDepth is how deep a function in such code may be nested. The stack
// depth of the VM does not take that code into account.
const maxMadeDepth = 300

// maxMadeNesting is how much may be open in such code, before it is parsed.
const maxMadeNesting = 4 * maxMadeDepth

// eval is JavaScript's eval. If a script calls it by that name, otto calls it in
// the scope of the script, and Eval runs the code there. Any other call has a
// scope of its own, and its code is global.
func (h *host) eval(call otto.FunctionCall) otto.Value {
	code := call.Argument(0)
	if !code.IsString() {
		return code
	}
	program := h.parsed(&call, code.String()).program
	run := call.Otto.Run
	if !inEval(call.Otto) {
		run = call.Otto.Eval
	}
	v, err := run(program)
	if err != nil {
		h.rethrow(&call, err)
	}
	return v
}

// inEval reports whether the running scope is that of eval itself; otto names
// the scope of a native function after the Go function.
func inEval(vm *otto.Otto) bool {
	return strings.HasSuffix(vm.ContextSkip(0, false).Callee, ".(*host).eval-fm")
}

// function is JavaScript's Function: the last argument is the body, and those
// before it are parameters.
func (h *host) function(call otto.FunctionCall) otto.Value {
	words := make([]string, len(call.ArgumentList))
	for i, v := range call.ArgumentList {
		words[i] = v.String()
	}
	var body string
	if n := len(words); n > 0 {
		words, body = words[:n-1], words[n-1]
	}
	code := "(function anonymous(" + strings.Join(words, ",") + ") {\n" + body + "\n})"
	v, err := call.Otto.Run(h.parsed(&call, code).program)
	if err != nil {
		h.rethrow(&call, err)
	}
	return v
}

// parsed parses code that a script has made; it throws a SyntaxError.
func (h *host) parsed(call *otto.FunctionCall, code string) *source {
	vm := call.Otto
	if len(code) > maxCode {
		panic(vm.MakeRangeError("code made at run time is too long"))
	}
	m := h.machineOf(call)
	if m != nil && len(code) > 4*unchecked {
		m.large = true
	}
	src, err := parseForeign(madeName, code, maxMadeNesting, func() bool { return m != nil && m.hasStopped() })
	if m != nil {
		m.check(vm)
	}
	if err != nil {
		panic(vm.MakeSyntaxError(unkind(err).Error()))
	}
	if src.depth > maxMadeDepth {
		panic(vm.MakeRangeError("code made at run time is nested too deeply"))
	}
	return src
}

// rethrow throws what a nested run has thrown: the same value if the script
// threw it, otherwise an error of the same name.
func (h *host) rethrow(call *otto.FunctionCall, err error) {
	m := h.machineOf(call)
	if m != nil {
		m.check(call.Otto)
	}
	e, ok := errors.AsType[*otto.Error](err)
	if !ok && m != nil && err.Error() == m.task.thrownText {
		panic(m.task.thrown)
	}
	if !ok {
		panic(text(err.Error()))
	}
	name, message, _ := strings.Cut(e.Error(), ": ")
	panic(call.Otto.MakeCustomError(name, message))
}
