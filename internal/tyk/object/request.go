// Package object gives an exchange the JSON shapes of Tyk's JavaScript
// middleware: the request, response, session, spec and event objects that
// scripts receive, and the results that they return.
//
// Both directions are strict: nothing is applied to an exchange before the
// whole result of a script has been decoded and checked.
package object

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// AppendRequest appends the object that Tyk's request hooks get as their
// first argument: what the client sent, and empty places for edits. The body
// is in base64. AddHeaders, SetMethod, SetHost and Meta are ours.
func AppendRequest(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, `{"Headers":`...)
	dst = appendHeader(dst, x.Request.Header, x.Request.Host)
	dst = append(dst, `,"SetHeaders":{},"DeleteHeaders":[],"Body":`...)
	dst = jsontext.AppendBase64(dst, x.Request.Body)
	dst = append(dst, `,"IgnoreBody":false,`...)
	dst = appendTarget(dst, x)
	return append(dst, '}')
}

// AppendSeenRequest appends the request as Tyk's response hooks get it: to
// be read only, and without its body.
func AppendSeenRequest(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, `{"Headers":`...)
	dst = appendHeader(dst, x.Request.Header, x.Request.Host)
	dst = append(dst, `,"SetHeaders":{},"DeleteHeaders":[],"Body":null,"IgnoreBody":false,`...)
	dst = appendTarget(dst, x)
	return append(dst, '}')
}

// AppendVirtualRequest appends the request as Tyk's virtual endpoints get
// it. Bytes of the body that are not UTF-8 show as U+FFFD.
func AppendVirtualRequest(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, `{"Headers":`...)
	dst = appendHeader(dst, x.Request.Header, nil)
	dst = append(dst, `,"Body":`...)
	dst = jsontext.AppendText(dst, x.Request.Body)
	dst = append(dst, `,"URL":`...)
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, `,"Params":`...)
	dst = appendLists(dst, formOf(x))
	dst = append(dst, `,"Scheme":"`...)
	dst = append(dst, x.Request.Scheme()...)
	dst = append(dst, `","Meta":`...)
	dst = jsontext.AppendMeta(dst, x.Meta)
	return append(dst, '}')
}

// appendTarget appends the members from URL on, which two of the request
// objects share.
func appendTarget(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, `"URL":`...)
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, `,"Params":`...)
	dst = appendLists(dst, queryOf(x.Request.URI))
	dst = append(dst, `,"AddParams":{},"ExtendedParams":{},"DeleteParams":[],"ReturnOverrides":{`+
		`"ResponseCode":0,"ResponseError":"","ResponseBody":"","ResponseHeaders":null,"OverrideError":false},"Method":`...)
	dst = jsontext.AppendText(dst, x.Request.Method)
	dst = append(dst, `,"RequestURI":`...)
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, `,"Scheme":"`...)
	dst = append(dst, x.Request.Scheme()...)
	dst = append(dst, `","AddHeaders":{},"SetMethod":"","SetHost":"","Meta":`...)
	return jsontext.AppendMeta(dst, x.Meta)
}

// headerField is a header field under its canonical name.
type headerField struct {
	name  string
	value []byte
}

// appendHeader appends the fields as lists of values under canonical
// names, in the order of the names, and the host among them if there is one.
func appendHeader(dst []byte, h abi.Header, host []byte) []byte {
	fields := make([]headerField, 0, len(h)+1)
	for _, f := range h {
		fields = append(fields, headerField{canonical(f.Name), f.Value})
	}
	if len(host) > 0 {
		fields = append(fields, headerField{"Host", host})
	}
	slices.SortStableFunc(fields, func(a, b headerField) int { return strings.Compare(a.name, b.name) })

	dst = append(dst, '{')
	for i, f := range fields {
		switch {
		case i > 0 && fields[i-1].name == f.name:
			dst = append(dst, ',')
		case i > 0:
			dst = append(dst, `],`...)
			fallthrough
		default:
			dst = jsontext.AppendText(dst, f.name)
			dst = append(dst, `:[`...)
		}
		dst = jsontext.AppendText(dst, f.value)
	}
	if len(fields) > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendLists appends a map of lists in the order of its keys.
func appendLists(dst []byte, lists map[string][]string) []byte {
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(lists)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendText(dst, name)
		dst = append(dst, `:[`...)
		for j, value := range lists[name] {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = jsontext.AppendText(dst, value)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// queryOf returns the parameters of the query; pairs that net/url refuses are
// left out, as Tyk does.
func queryOf(uri []byte) url.Values {
	_, after, ok := bytes.Cut(uri, []byte{'?'})
	if !ok {
		return nil
	}
	values, _ := url.ParseQuery(string(after))
	return values
}

// formOf merges the parameters of the query and of a form in the body.
func formOf(x *abi.Exchange) url.Values {
	values := queryOf(x.Request.URI)
	kind, _ := x.Request.Header.Get([]byte("Content-Type"))
	kind, _, _ = bytes.Cut(kind, []byte{';'})
	if !abi.EqualFold(bytes.TrimSpace(kind), []byte("application/x-www-form-urlencoded")) {
		return values
	}
	form, _ := url.ParseQuery(string(x.Request.Body))
	for name, more := range values {
		form[name] = append(form[name], more...)
	}
	return form
}

// canonical returns a header name as Tyk's scripts know it.
func canonical(name []byte) string { return textproto.CanonicalMIMEHeaderKey(string(name)) }

// RequestParts are the members of Tyk's request object that differ from
// request to request, in the order of [AppendRequestParts].
func RequestParts() []string {
	return []string{"Headers", "Body", "URL", "Params", "Method", "RequestURI", "Scheme", "Meta"}
}

// AppendRequestParts appends a list of the members of [AppendRequest]
// that [RequestParts] names. All others are the same in every request: an
// engine that can keep an object ready need not make them each time.
func AppendRequestParts(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, '[')
	dst = appendHeader(dst, x.Request.Header, x.Request.Host)
	dst = append(dst, ',')
	dst = jsontext.AppendBase64(dst, x.Request.Body)
	dst = append(dst, ',')
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, ',')
	dst = appendLists(dst, queryOf(x.Request.URI))
	dst = append(dst, ',')
	dst = jsontext.AppendText(dst, x.Request.Method)
	dst = append(dst, ',')
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, `,"`...)
	dst = append(dst, x.Request.Scheme()...)
	dst = append(dst, `",`...)
	dst = jsontext.AppendMeta(dst, x.Meta)
	return append(dst, ']')
}

// timestamp is a time of RFC 3339 as text. The empty one is written as Go writes
// its zero time, in the year 1.
type timestamp string

// MarshalJSON implements [json.Marshaler].
func (d timestamp) MarshalJSON() ([]byte, error) {
	if d == "" {
		d = "0001-01-01T00:00:00Z"
	}
	return json.Marshal(string(d))
}

// UnmarshalJSON implements [json.Unmarshaler]. The text must be a time.
func (d *timestamp) UnmarshalJSON(raw []byte) error {
	var t time.Time
	if err := json.Unmarshal(raw, &t); err != nil || t.IsZero() {
		*d = ""
		return err
	}
	*d = timestamp(t.Format(time.RFC3339Nano))
	return nil
}
