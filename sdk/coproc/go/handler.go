package sallyport

import (
	"context"
	"encoding/json"
	"slices"
)

// Hook is a point in the processing of a request.
type Hook string

// The hooks, in the order in which a request meets them. Auth, RateLimit and
// Virtual replace what the gateway would do itself.
const (
	Pre         Hook = "pre"
	Auth        Hook = "auth"
	PostKeyAuth Hook = "post_key_auth"
	RateLimit   Hook = "rate_limit"
	Post        Hook = "post"
	Virtual     Hook = "virtual"
	Response    Hook = "response"
	Events      Hook = "event"
)

// replaces reports whether the handler of a hook stands in for the gateway.
func (h Hook) replaces() bool { return h == Auth || h == RateLimit || h == Virtual }

// Part is something of a call that a handler may write.
type Part string

// The parts. What a handler did not declare, the gateway drops.
const (
	Headers       Part = "headers"
	Query         Part = "query"
	Path          Part = "path"
	Method        Part = "method"
	Host          Part = "host"
	Body          Part = "body"
	Status        Part = "status"
	SessionValues Part = "session"
	Meta          Part = "meta"
)

// Form is how a handler takes the body.
type Form string

// The forms. The zero value is NoBody, which costs nothing: take the body only
// where it is needed.
const (
	NoBody Form = "none"
	Text   Form = "utf8"   // as text if it is UTF-8, which spares base64
	Base64 Form = "base64" // always as base64
)

// Handler is one function the process offers, with what it needs and writes.
type Handler struct {
	Name     string // the entry of a plugin in the gateway's configuration
	Hooks    []Hook
	Headers  []string // names that are sent; nil is all
	Body     Form
	MaxBody  int  // bytes; 0 is no limit but the gateway's
	Truncate bool // a longer body is cut, and cannot be written, instead of failing the call
	Writes   []Part

	Idempotent bool // may run again after a crash
	Cacheable  bool // auth only: results may be kept for Result.CacheTTL

	// Func runs one call. Its context ends with the call's deadline, or when
	// the gateway no longer waits; calls run concurrently. A nil result is
	// Continue, but not in auth, which has to decide.
	Func func(context.Context, *Call) (*Result, error)
}

// declaration is a handler as it is declared to the gateway.
type declaration struct {
	Name       string `json:"hook_name"`
	Hooks      []Hook `json:"hook_types"`
	Mode       string `json:"mode"`
	Headers    any    `json:"headers"`
	Body       Form   `json:"body"`
	MaxBody    int    `json:"max_body,omitempty"`
	Truncate   bool   `json:"truncate,omitempty"`
	Writes     []Part `json:"writes"`
	Idempotent bool   `json:"idempotent,omitempty"`
	Cacheable  bool   `json:"cacheable,omitempty"`
}

// declare declares a handler: once for the hooks it replaces and once for
// those it augments.
func (h *Handler) declare() []declaration {
	d := declaration{
		Name: h.Name, Headers: "all", Body: h.Body, MaxBody: h.MaxBody, Truncate: h.Truncate,
		Writes: append([]Part{}, h.Writes...), Idempotent: h.Idempotent,
	}
	if h.Headers != nil {
		d.Headers = h.Headers
	}
	if d.Body == "" {
		d.Body = NoBody
	}
	augment, replace := d, d
	augment.Mode, replace.Mode = "augment", "replace"
	for _, hook := range h.Hooks {
		if hook.replaces() {
			replace.Hooks = append(replace.Hooks, hook)
		} else {
			augment.Hooks = append(augment.Hooks, hook)
		}
	}
	replace.Cacheable = h.Cacheable && slices.Equal(replace.Hooks, []Hook{Auth})
	return slices.DeleteFunc([]declaration{augment, replace}, func(d declaration) bool { return len(d.Hooks) == 0 })
}

// API is what the gateway said of an API when it was loaded.
type API struct {
	ID         string
	Generation uint64
	OrgID      string
	Hooks      []Binding
	ConfigData json.RawMessage // config data of the API as JSON; nil if it has none
}

// Config decodes the API's config data.
func (a *API) Config(into any) error {
	if len(a.ConfigData) == 0 {
		return nil
	}
	return json.Unmarshal(a.ConfigData, into)
}

// Binding is one hook that an API binds to a handler, with the plugin's own
// configuration.
type Binding struct {
	Hook    Hook            `json:"hook_type"`
	Handler string          `json:"hook_name"`
	Config  json.RawMessage `json:"config"`
}
