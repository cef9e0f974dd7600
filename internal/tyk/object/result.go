package object

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/c386954a/sallyport/abi"
)

// RequestResult is what a request hook returns.
type RequestResult struct {
	Request     RequestObject
	SessionMeta map[string]string
	Session     *SessionObject
	AuthValue   string
	Meta        map[string]string // ours: values for later plugins of the request

	// KeepMetadata is for scripts that were not given the session: their
	// SessionMeta does not replace its metadata.
	KeepMetadata bool `json:"-"`
	// KeepHeaderCase writes header names as they are spelled.
	KeepHeaderCase bool `json:"-"`
}

// RequestObject is the returned request object. Members that are never read back
// are here because a wrong type is an error in them, too.
type RequestObject struct {
	Headers         map[string][]string
	SetHeaders      map[string]string
	DeleteHeaders   []string
	AddHeaders      map[string][]string // ours
	Body            []byte
	IgnoreBody      bool
	URL             string
	Params          map[string][]string
	AddParams       map[string]string
	ExtendedParams  map[string][]string
	DeleteParams    []string
	ReturnOverrides Overrides
	Method          string
	SetMethod       string // ours
	SetHost         string // ours
	RequestURI      string
	Scheme          string
}

// ParseRequest decodes what a request hook returned.
func ParseRequest(raw []byte) (*RequestResult, error) {
	r := &RequestResult{}
	return r, parseResult(raw, r)
}

// Apply edits x as the hook has asked for, in the order of Tyk: body, URL,
// header fields, query, session metadata, reply, session. A tyk:// URL counts
// unless there is a reply. An error leaves it to the caller to discard the
// edits made so far.
func (r *RequestResult) Apply(x *abi.Exchange) (abi.Verdict, error) {
	to, away, err := r.Request.redirect()
	if err != nil {
		return abi.Continue, err
	}
	for _, step := range []func(*abi.Exchange) error{
		r.Request.applyBody, r.Request.applyTarget, r.applyHeader, r.Request.applyLine, r.applyMetadata,
	} {
		if err := step(x); err != nil {
			return abi.Continue, err
		}
	}
	v, err := r.Request.ReturnOverrides.apply(x, r.KeepHeaderCase)
	if err != nil || v == abi.Respond {
		return v, err
	}
	if x.Hook == abi.Auth {
		if err := r.applySession(x); err != nil {
			return v, err
		}
	}
	if away {
		return v, x.Redirect(to)
	}
	return v, nil
}

// applyBody replaces the body unless it is the same.
func (q *RequestObject) applyBody(x *abi.Exchange) error {
	if q.IgnoreBody || string(q.Body) == string(x.Request.Body) {
		return nil
	}
	return x.SetBody(abi.OfRequest, q.Body)
}

func (r *RequestResult) applyHeader(x *abi.Exchange) error {
	q := &r.Request
	h := headerEdits{q.DeleteHeaders, q.SetHeaders, q.AddHeaders, r.KeepHeaderCase}
	return h.edit(x, abi.OfRequest)
}

// applyLine sets what Tyk's scripts cannot: method and host.
func (q *RequestObject) applyLine(x *abi.Exchange) error {
	if q.SetMethod != "" {
		if err := x.SetMethod([]byte(q.SetMethod)); err != nil {
			return err
		}
	}
	if q.SetHost != "" {
		return x.SetHost([]byte(q.SetHost))
	}
	return nil
}

// applyMetadata replaces the metadata of the session the script was given;
// without one there is nothing to replace.
func (r *RequestResult) applyMetadata(x *abi.Exchange) error {
	if err := setMeta(x, r.Meta); err != nil {
		return err
	}
	if r.KeepMetadata || x.Hook == abi.Pre || x.Hook == abi.Auth || x.Session == nil {
		return nil
	}
	metadata := make(map[string]any, len(r.SessionMeta))
	for name, value := range r.SessionMeta {
		metadata[name] = value
	}
	return replaceMetadata(x, metadata)
}

// applySession sets the session of an auth hook. Without one in the result
// the caller gets an empty session, as with Tyk.
func (r *RequestResult) applySession(x *abi.Exchange) error {
	s := r.Session
	if s == nil {
		s = &SessionObject{}
	}
	return x.SetSession(s.Session(r.AuthValue))
}

// replaceMetadata replaces the metadata of the session if it differs.
func replaceMetadata(x *abi.Exchange, metadata map[string]any) error {
	if sameJSON(x.Session.Metadata, metadata) {
		return nil
	}
	return x.SetMetadata(metadata)
}

func sameJSON(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || string(appendSorted(nil, a)) == string(appendSorted(nil, b))
}

// setMeta leaves values for later plugins.
func setMeta(x *abi.Exchange, meta map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(meta)) {
		if err := x.SetMeta([]byte(name), []byte(meta[name])); err != nil {
			return err
		}
	}
	return nil
}

// parseResult decodes by Tyk's rules, which are those of encoding/json: keys
// match in any case, types are strict, null is zero, unknown keys are
// ignored, and of two spellings of a key the later wins or, for maps, adds.
func parseResult(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return abi.Errorf(abi.Protocol, "result: %s has the wrong type: %s", fieldName(e.Field), e.Value)
	}
	return abi.Errorf(abi.Protocol, "result: %w", err)
}

func fieldName(field string) string {
	if field == "" {
		return "it"
	}
	return field
}
