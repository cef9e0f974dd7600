package jsvm

import (
	"bytes"
	"sync"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
)

// warnings tell once per script of results that are legal and seldom meant.
type warnings struct {
	code, session sync.Once
}

// nullCode is what NaN becomes in a result. Inside of a text the quotes would
// be escaped.
var nullCode = []byte(`"ResponseCode":null`)

// look warns of what it finds in the result of a request hook.
func (w *warnings) look(l *zerolog.Logger, plugin string, hook abi.Hook, result []byte, noSession bool) {
	if bytes.Contains(result, nullCode) {
		w.code.Do(func() {
			l.Warn().Str("prefix", "jsvm").Str("plugin", plugin).Stringer("hook", hook).
				Msg("ResponseCode is NaN, Infinity or null: it means no answer, and the request goes on")
		})
	}
	if hook == abi.Auth && noSession {
		w.session.Do(func() {
			l.Warn().Str("prefix", "jsvm").Str("plugin", plugin).Stringer("hook", hook).
				Msg("the result has no Session: the caller gets an empty one, without limits")
		})
	}
}
