package object

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"maps"
	"net/http"
	"net/textproto"
	"slices"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
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

// headerEdits are the edits of the fields of a message. They are made in this
// order; that of a map is the order of its keys, so that the same result makes
// the same message.
type headerEdits struct {
	del   []string
	set   map[string]string
	add   map[string][]string
	exact bool // set names keep their spelling, else they are made canonical
}

func (h *headerEdits) edit(x *abi.Exchange, m abi.Message) error {
	for _, name := range h.del {
		if err := x.DelHeader(m, []byte(name)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.set)) {
		if err := h.put(x, m, name, h.set[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.add)) {
		for _, value := range h.add[name] {
			if abi.IsConnectionField([]byte(name)) {
				continue // as with Tyk, it does not reach the wire
			}
			if err := x.AddHeader(m, []byte(name), []byte(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// put sets a field. Host, the fields of framing and those of the connection do
// not reach the wire, as with Tyk, but must be valid.
func (h *headerEdits) put(x *abi.Exchange, m abi.Message, name, value string) error {
	key := textproto.CanonicalMIMEHeaderKey(name)
	if key == "Host" || key == "Content-Length" || abi.IsConnectionField([]byte(key)) {
		if !abi.ValidValue([]byte(value)) {
			return abi.ErrValue
		}
		return nil
	}
	if h.exact {
		key = name
	}
	return x.SetHeader(m, []byte(key), []byte(value))
}

// Overrides is ReturnOverrides of a returned request: the answer a script
// gives in place of the upstream.
type Overrides struct {
	ResponseCode       int
	ResponseError      string
	ResponseBody       string
	ResponseBodyBase64 []byte // ours: wins over ResponseBody, which cannot carry every byte
	ResponseHeaders    map[string]string
	AddHeaders         map[string][]string // ours
	OverrideError      bool
}

// Apply answers if there is a code. A code of 400 and above gives Tyk's error
// reply around the text, unless OverrideError asks for the text as it is. A
// redirect to a tyk:// URL sends the request there instead.
func (o *Overrides) Apply(x *abi.Exchange) (abi.Verdict, error) { return o.apply(x, false) }

// apply is Apply; exact keeps the spelling of header names.
func (o *Overrides) apply(x *abi.Exchange, exact bool) (abi.Verdict, error) {
	if o.ResponseCode == 0 {
		return abi.Continue, nil
	}
	body := bodyOf(o.ResponseBody, o.ResponseBodyBase64)
	if o.ResponseError != "" {
		body = []byte(o.ResponseError)
	}
	if o.ResponseCode >= 400 && !o.OverrideError {
		return o.answerError(x, body, exact)
	}
	return answer(x, o.ResponseCode, body, &headerEdits{set: o.ResponseHeaders, add: o.AddHeaders, exact: exact})
}

// answerError answers with Tyk's error reply, which no response hook sees.
func (o *Overrides) answerError(x *abi.Exchange, message []byte, exact bool) (abi.Verdict, error) {
	body, mime := AppendError(nil, &x.Request, string(message))
	if err := x.Reject(o.ResponseCode, body); err != nil {
		return abi.Continue, err
	}
	h := headerEdits{set: o.ResponseHeaders, add: o.AddHeaders, exact: exact}
	if err := h.edit(x, abi.OfReply); err != nil {
		return abi.Continue, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, ContentType, mime)
}

// ContentType is never written.
var ContentType = []byte("Content-Type")

// answer answers with status, header fields and body as they are, or goes
// where the answer redirects to.
func answer(x *abi.Exchange, code int, body []byte, h *headerEdits) (abi.Verdict, error) {
	if err := x.Answer(code, body); err != nil {
		return abi.Continue, err
	}
	if err := h.edit(x, abi.OfReply); err != nil {
		return abi.Continue, err
	}
	return abi.Respond, RedirectReply(x)
}

// RedirectReply turns an answer that redirects the client to a tyk:// URL,
// where it cannot go, into a redirect of the request.
func RedirectReply(x *abi.Exchange) error {
	moved := x.Reply.Status == http.StatusMovedPermanently || x.Reply.Status == http.StatusFound
	if !moved || !x.Hook.BeforeReply() {
		return nil
	}
	location, _ := x.Reply.Header.Get([]byte("Location"))
	location, _, _ = bytes.Cut(location, []byte{'#'})
	r, ok, err := ParseRedirect([]byte(percent(string(location))))
	if !ok || err != nil {
		return err
	}
	return x.Redirect(r)
}

// AppendError appends Tyk's error reply in the form that the request's own
// content asks for, and returns it with its media type. It does not allocate if
// dst has room and the message nothing to escape.
func AppendError(dst []byte, r *abi.Request, message string) (body, mime []byte) {
	kind, _ := r.Header.Get(ContentType)
	if mime = xmlType(kind); mime != nil {
		dst = append(dst, "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>"...)
		dst = append(dst, html.EscapeString(message)...)
		return append(dst, "</error>\n"...), mime
	}
	dst = jsontext.AppendText(append(dst, "{\n    \"error\": "...), message)
	return append(dst, "\n}"...), jsonType
}

// xmlType returns the media type if it is one for which Tyk answers in XML.
func xmlType(contentType []byte) []byte {
	media, _, _ := bytes.Cut(contentType, []byte{';'})
	media = bytes.TrimSpace(media)
	for _, t := range xmlTypes {
		if abi.EqualFold(media, t) {
			return t
		}
	}
	return nil
}

// The media types of error replies are never written to.
var (
	jsonType = []byte("application/json")
	xmlTypes = [...][]byte{[]byte("application/xml"), []byte("text/xml"), []byte("application/soap+xml")}
)
