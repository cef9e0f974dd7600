package builtin

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// transform sets and removes header fields: of the request, or of the reply
// where it is bound to the response hook.
type transform struct {
	base
	remove [][]byte
	set    []headerValue
}

// headerValue is a field and the parts its value is put together of.
type headerValue struct {
	name  []byte
	parts []part
}

// part is literal text, or a value that is known with the request.
type part struct {
	kind partKind
	text string // the literal, or the name of the value
}

type partKind uint8

const (
	literal     partKind = iota
	fromSession          // $meta.NAME: metadata of the session
	fromRequest          // $context.NAME: something about the request
)

var variable = regexp.MustCompile(`\$(meta|context)\.([A-Za-z0-9_.-]+)`)

func loadTransform(_ *Runtime, s abi.Spec) (abi.Plugin, error) {
	var cfg struct {
		Set    map[string]string `json:"set"`
		Remove []string          `json:"remove"`
	}
	if err := decode(s, &cfg, "set", "remove"); err != nil {
		return nil, err
	}
	t := &transform{}
	for _, name := range cfg.Remove {
		if !abi.ValidName([]byte(name)) {
			return nil, refuse("remove: %q is not a valid header name", name)
		}
		t.remove = append(t.remove, []byte(name))
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Set)) {
		switch {
		case !abi.ValidName([]byte(name)):
			return nil, refuse("set: %q is not a valid header name", name)
		case abi.IsConnectionField([]byte(name)):
			return nil, refuse("set: %s is about one connection: the gateway writes it", name)
		case !abi.ValidValue([]byte(cfg.Set[name])):
			return nil, refuse("set: the value of %s has a control character", name)
		}
		t.set = append(t.set, headerValue{[]byte(name), partsOf(cfg.Set[name])})
	}
	return t, nil
}

// partsOf splits a value at its variables.
func partsOf(value string) []part {
	var parts []part
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(value, -1) {
		if m[0] > last {
			parts = append(parts, part{literal, value[last:m[0]]})
		}
		kind := fromSession
		if value[m[2]:m[3]] == "context" {
			kind = fromRequest
		}
		parts = append(parts, part{kind, value[m[4]:m[5]]})
		last = m[1]
	}
	if last < len(value) {
		parts = append(parts, part{literal, value[last:]})
	}
	return parts
}

// Declares implements [abi.Plugin].
func (*transform) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.Pre, abi.PostKeyAuth, abi.Post, abi.Response)}
}

// Call implements [abi.Plugin]. Fields are removed first. A value that is not
// there is empty. It allocates only for values that are not text.
func (t *transform) Call(x *abi.Exchange) (abi.Verdict, error) {
	m := abi.OfRequest
	if x.Hook == abi.Response {
		m = abi.OfReply
	}
	for _, name := range t.remove {
		if err := x.DelHeader(m, name); err != nil {
			return abi.Continue, err
		}
	}
	var scratch [256]byte
	for i := range t.set {
		v := &t.set[i]
		value := scratch[:0]
		for _, p := range v.parts {
			value = p.append(value, x)
		}
		if err := x.SetHeader(m, v.name, printable(value)); err != nil {
			return abi.Continue, err
		}
	}
	return abi.Continue, nil
}

// printable replaces what a header field cannot carry by spaces, in place.
func printable(value []byte) []byte {
	for i, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			value[i] = ' '
		}
	}
	return value
}

func (p *part) append(b []byte, x *abi.Exchange) []byte {
	switch p.kind {
	case fromSession:
		if x.Session == nil {
			return b
		}
		return appendText(b, x.Session.Metadata[p.text])
	case fromRequest:
		return appendContext(b, x, p.text)
	}
	return append(b, p.text...)
}

// appendText appends a value of session metadata. Lists are joined by commas;
// other collections have no text.
func appendText(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(b, v...)
	case bool:
		return strconv.AppendBool(b, v)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case []any:
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, item)
		}
	}
	return b
}

// appendContext appends something about the request. A name that is not one of
// these is of what earlier plugins left.
func appendContext(b []byte, x *abi.Exchange, name string) []byte {
	switch name {
	case "path":
		path, _, _ := bytes.Cut(x.Request.URI, []byte{'?'})
		return append(b, path...)
	case "path_parts":
		path, _, _ := bytes.Cut(x.Request.URI, []byte{'?'})
		return appendSegments(b, path)
	case "remote_addr":
		return append(b, withoutPort(x.Request.RemoteAddr)...)
	case "request_id":
		return append(b, x.RequestID...)
	}
	if field, ok := strings.CutPrefix(name, "headers_"); ok {
		return appendField(b, x.Request.Header, field)
	}
	if cookie, ok := strings.CutPrefix(name, "cookies_"); ok {
		in := place{cookie: []byte(cookie)}
		return append(b, in.inCookies(x.Request.Header)...)
	}
	if parameter, ok := strings.CutPrefix(name, "request_data."); ok {
		in := place{query: []byte(parameter)}
		return append(b, in.inQuery(x.Request.URI)...)
	}
	value, _ := x.Meta.Get([]byte(name))
	return append(b, value...)
}

// appendField appends a header field. Its name may have underscores for dashes.
func appendField(b []byte, h abi.Header, name string) []byte {
	for _, f := range h {
		if len(f.Name) == len(name) && sameField(f.Name, name) {
			return append(b, f.Value...)
		}
	}
	return b
}

func sameField(field []byte, name string) bool {
	for i, c := range field {
		n := name[i]
		if n == '_' && c == '-' {
			continue
		}
		if c != n && (c|0x20 != n|0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

func appendSegments(b, path []byte) []byte {
	first := true
	for segment := range bytes.SplitSeq(path, []byte{'/'}) {
		if len(segment) == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		b, first = append(b, segment...), false
	}
	return b
}

// withoutPort returns the address of an address and port.
func withoutPort(addr []byte) []byte {
	if i := bytes.LastIndexByte(addr, ':'); i >= 0 {
		addr = addr[:i]
	}
	return bytes.Trim(addr, "[]")
}

// headers is the plugin that the other runtimes are measured against: it
// reads two header fields, sets two and deletes one.
type headers struct{ base }

var (
	authorization = []byte("Authorization")
	userAgent     = []byte("User-Agent")
	tenantHeader  = []byte("X-Tenant")
	agentHeader   = []byte("X-Agent")
	debugHeader   = []byte("X-Debug")
)

func loadHeaders(_ *Runtime, s abi.Spec) (abi.Plugin, error) {
	if err := decode(s, &struct{}{}); err != nil {
		return nil, err
	}
	return headers{}, nil
}

// Declares implements [abi.Plugin].
func (headers) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.Pre, abi.PostKeyAuth, abi.Post)}
}

// Call implements [abi.Plugin]. The tenant is what a key of the form
// TENANT.SECRET begins with.
func (headers) Call(x *abi.Exchange) (abi.Verdict, error) {
	key, _ := x.Request.Header.Get(authorization)
	agent, _ := x.Request.Header.Get(userAgent)
	tenant, _, _ := bytes.Cut(withoutScheme(key), []byte{'.'})
	if err := x.SetHeader(abi.OfRequest, tenantHeader, tenant); err != nil {
		return abi.Continue, err
	}
	if err := x.SetHeader(abi.OfRequest, agentHeader, agent); err != nil {
		return abi.Continue, err
	}
	return abi.Continue, x.DelHeader(abi.OfRequest, debugHeader)
}
