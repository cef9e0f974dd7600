package reference

import (
	"encoding/base64"
	"time"
)

// referenceHost are the functions that the scripts of the benchmark call.
type referenceHost struct{ kv SharedValues }

// hostTimeout bounds a look-up, as it does where scripts are not measured.
const hostTimeout = time.Second

// look returns the value of key.
func (h *referenceHost) look(key string) (value string, ok bool, err error) {
	text, _, ok, err := h.kv.Get(time.Now().Add(hostTimeout), []byte(key))
	return string(text), ok, err
}

// functions are those that need nothing of an engine.
func (*referenceHost) functions() map[string]any {
	return map[string]any{
		"log":    func(string) {},
		"b64enc": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"b64dec": func(s string) string {
			b, _ := base64.StdEncoding.DecodeString(s) // made by the gateway
			return string(b)
		},
	}
}

// prepare calls what defines TykJS with the global object and a host that has
// nothing to do: the bodies of the benchmark are text.
const (
	prepareBefore = "("
	prepareAfter  = ")(this, {keepBytes: function () {}});"
)
