package jsvm

import (
	"strings"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/loglimit"
)

// log is Tyk's log: one line of level info.
func (h *host) log(call otto.FunctionCall) otto.Value {
	h.line(&call, zerolog.InfoLevel, "log-msg", call.Argument(0).String())
	return otto.UndefinedValue()
}

// rawlog is Tyk's rawlog: the bare text.
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

// event begins a line with the fields that say where it comes from.
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

// spend cuts the line and counts it. It reports false if the call has used up
// its share of the log, and says so once.
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
