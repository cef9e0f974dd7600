package jsvm

import (
	"strings"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"
)

// newConsole makes a console that writes to the plugin's log. Otto's own writes
// to the output of the process.
func (h *host) newConsole(vm *otto.Otto) (otto.Value, error) {
	console, err := vm.Object("({})")
	if err != nil {
		return otto.Value{}, err
	}
	for name, f := range map[string]func(otto.FunctionCall) otto.Value{
		"log":     h.print(zerolog.InfoLevel),
		"debug":   h.print(zerolog.DebugLevel),
		"info":    h.print(zerolog.InfoLevel),
		"warn":    h.print(zerolog.WarnLevel),
		"error":   h.print(zerolog.ErrorLevel),
		"dir":     h.print(zerolog.InfoLevel),
		"trace":   h.trace,
		"assert":  h.assert,
		"time":    h.startTimer,
		"timeEnd": h.stopTimer,
	} {
		if err := console.Set(name, f); err != nil {
			return otto.Value{}, err
		}
	}
	return console.Value(), nil
}

// print returns a function that writes its arguments in one line.
func (h *host) print(level zerolog.Level) func(otto.FunctionCall) otto.Value {
	return func(call otto.FunctionCall) otto.Value {
		h.line(&call, level, "console", joined(call.ArgumentList))
		return otto.UndefinedValue()
	}
}

func (h *host) trace(call otto.FunctionCall) otto.Value {
	h.line(&call, zerolog.InfoLevel, "console", joined(call.ArgumentList)+" at "+call.CallerLocation())
	return otto.UndefinedValue()
}

// assert writes its further arguments if the first is false.
func (h *host) assert(call otto.FunctionCall) otto.Value {
	if ok, err := call.Argument(0).ToBoolean(); err == nil && !ok {
		h.line(&call, zerolog.ErrorLevel, "console", "assertion failed: "+joined(call.ArgumentList[min(1, len(call.ArgumentList)):]))
	}
	return otto.UndefinedValue()
}

func (h *host) startTimer(call otto.FunctionCall) otto.Value {
	if m := h.machineOf(&call); m != nil {
		m.task.startTimer(label(&call))
	}
	return otto.UndefinedValue()
}

func (h *host) stopTimer(call otto.FunctionCall) otto.Value {
	m := h.machineOf(&call)
	if m == nil {
		return otto.UndefinedValue()
	}
	if begun, ok := m.task.timers[label(&call)]; ok {
		h.line(&call, zerolog.InfoLevel, "console", label(&call)+": "+time.Since(begun).String())
	}
	return otto.UndefinedValue()
}

func label(call *otto.FunctionCall) string {
	if v := call.Argument(0); !v.IsUndefined() {
		return v.String()
	}
	return "default"
}

func joined(args []otto.Value) string {
	words := make([]string, len(args))
	for i, v := range args {
		words[i] = v.String()
	}
	return strings.Join(words, " ")
}
