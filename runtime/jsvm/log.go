package jsvm

import (
	"strings"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/loglimit"
)

// log is Tyk's function log. It writes one line of level info.
func (h *host) log(call otto.FunctionCall) otto.Value {
	h.line(&call, zerolog.InfoLevel, "log-msg", call.Argument(0).String())
	return otto.UndefinedValue()
}

// rawlog is Tyk's function rawlog. It writes the text as it is.
func (h *host) rawlog(call otto.FunctionCall) otto.Value {
	s := call.Argument(0).String()
	if h.raw == nil {
		h.line(&call, zerolog.NoLevel, "raw", s)
		return otto.UndefinedValue()
	}
	m := h.machineOf(&call)
	if m == nil || !h.spend(m.task, &s) {
		return otto.UndefinedValue()
	}
	h.rawMu.Lock()
	defer h.rawMu.Unlock()
	_, _ = h.raw.Write([]byte(s + "\n")) // a script cannot help a log that is full
	return otto.UndefinedValue()
}

// line writes a line to the plugin's log.
func (h *host) line(call *otto.FunctionCall, level zerolog.Level, kind, s string) {
	m := h.machineOf(call)
	if m == nil || !h.spend(m.task, &s) {
		return
	}
	h.event(m.task, level, kind).Msg(s)
}

// event begins a line with the fields that name its plugin, API and request.
func (h *host) event(t *task, level zerolog.Level, kind string) *zerolog.Event {
	e := h.logger.WithLevel(level).Str("prefix", "jsvm").Str("type", kind).Str("plugin", t.plugin)
	if t.api != nil {
		e = e.Str("api_id", t.api.ID).Str("org_id", t.api.OrgID)
	}
	if t.request != "" {
		e = e.Str("request_id", t.request)
	}
	return e
}

// spend truncates the line and counts it. It reports false if the call has used
// up its log budget, and logs that once.
func (h *host) spend(t *task, s *string) bool {
	if len(*s) > loglimit.MaxLine {
		*s = strings.ToValidUTF8((*s)[:loglimit.MaxLine], "") + " […]"
	}
	ok, first := t.logged.Spend(len(*s))
	if first {
		h.event(t, zerolog.WarnLevel, "log-limit").Msg(loglimit.Exhausted)
	}
	return ok
}

// newConsole makes a console that writes to the plugin's log. Otto's own console
// writes to the output of the process.
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
