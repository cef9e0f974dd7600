package jsvm

import (
	"context"
	"errors"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"
)

// errNoCaller is for a VM whose call has ended.
var errNoCaller = errors.New("the call has ended")

// begin starts a host call that takes time. Its context ends with the call of
// the hook, or when that is interrupted.
func (h *host) begin(call *otto.FunctionCall) (context.Context, func(), error) {
	m := h.machineOf(call)
	if m == nil {
		return nil, nil, errNoCaller
	}
	m.check(call.Otto)
	ctx, cancel := context.WithDeadline(context.Background(), m.task.deadline)
	m.wait(cancel)
	return ctx, func() { m.resume(); cancel() }, nil
}

// keepsCase reports whether header names keep the spelling of the script.
func (h *host) keepsCase(call *otto.FunctionCall) bool {
	m := h.machineOf(call)
	return m != nil && m.task.keepCase
}

// deadline returns when a host call must end.
func (h *host) deadline(call *otto.FunctionCall) (time.Time, error) {
	m := h.machineOf(call)
	if m == nil {
		return time.Time{}, errNoCaller
	}
	m.check(call.Otto)
	return m.task.deadline, nil
}

// end interrupts the script if its deadline has passed. Otherwise the script
// would see its own deadline as a fault of a server or a store.
func (h *host) end(call *otto.FunctionCall) {
	m := h.machineOf(call)
	if m == nil {
		return
	}
	if !time.Now().Before(m.task.deadline) {
		m.stop(pastDeadline)
	}
	m.check(call.Otto)
}

// settled ends a host call that returns undefined for a fault, and writes the
// reason to the log.
func (h *host) settled(call *otto.FunctionCall, name, result string, err error) otto.Value {
	h.end(call)
	if err != nil {
		h.complain(call, name, err)
		return otto.UndefinedValue()
	}
	return h.result(call, result)
}

// complain writes the reason why a host call failed to the log.
func (h *host) complain(call *otto.FunctionCall, name string, err error) {
	h.line(call, zerolog.WarnLevel, "host-call", name+": "+err.Error())
}

// throw makes a host call throw an Error.
func (h *host) throw(call *otto.FunctionCall, name string, err error) {
	h.end(call)
	panic(call.Otto.MakeCustomError("Error", name+": "+err.Error()))
}
