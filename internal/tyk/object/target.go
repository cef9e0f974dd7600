package object

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

var errTarget = errors.New("result: URL has no path")

// redirect returns where the tyk:// URL of a script sends the request, with its
// query edited; ok is false if it is another URL.
func (q *RequestObject) redirect() (r abi.Redirect, ok bool, err error) {
	if !isRedirect([]byte(q.URL)) {
		return r, false, nil
	}
	u, err := parseURL(q.URL)
	if err != nil {
		return r, true, &abi.Error{Kind: abi.Protocol, Err: err}
	}
	authority := q.URL[len(redirectScheme):]
	if i := strings.IndexAny(authority, "/?#"); i >= 0 {
		authority = authority[:i]
	}
	query, _ := q.query(u.RawQuery)
	return ParseRedirect([]byte(redirectScheme + percent(authority) + joinTarget(u.EscapedPath(), query, false)))
}

// applyTarget replaces path and query, and edits the parameters of the query.
// What the script left alone stays as it was, byte for byte. A tyk:// URL is
// no target of this request.
func (q *RequestObject) applyTarget(x *abi.Exchange) error {
	if isRedirect([]byte(q.URL)) {
		return nil
	}
	target, err := q.target(string(x.Request.URI))
	if err != nil {
		return &abi.Error{Kind: abi.Protocol, Err: err}
	}
	if target == string(x.Request.URI) {
		return nil
	}
	return x.SetURI([]byte(target))
}

// target returns the request target the script wants. was is the present one.
func (q *RequestObject) target(was string) (string, error) {
	var path, raw string
	var hasQuery bool
	same := q.URL == was || shownAs([]byte(was), []byte(q.URL))
	if same {
		path, raw, hasQuery = strings.Cut(was, "?")
	} else {
		u, err := parseURL(q.URL)
		if err != nil {
			return "", err
		}
		path, raw, hasQuery = u.EscapedPath(), u.RawQuery, u.ForceQuery
	}
	query, changed := q.query(raw)
	if same && !changed {
		return was, nil
	}
	return joinTarget(path, query, hasQuery && !changed), nil
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("result: URL: %w", err)
	case u.Opaque != "":
		return nil, errTarget
	}
	return u, nil
}

// query returns the edited query. It is written anew only if the parsed
// values have really changed.
func (q *RequestObject) query(raw string) (edited string, changed bool) {
	values, _ := url.ParseQuery(raw)
	before := maps.Clone(values)
	for _, name := range q.DeleteParams {
		values.Del(name)
	}
	for name, value := range q.AddParams {
		values.Set(name, value)
	}
	for name, more := range q.ExtendedParams {
		values[name] = append(slices.Clip(values[name]), more...)
	}
	if maps.EqualFunc(before, values, slices.Equal[[]string]) {
		return raw, false
	}
	return values.Encode(), true
}

// joinTarget builds a request target. An empty path becomes /, and bytes that
// may not stand in a request line are percent-encoded.
func joinTarget(path, query string, force bool) string {
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	if query != "" || force {
		path += "?" + query
	}
	return percent(path)
}

// percent encodes the bytes that a request line cannot carry.
func percent(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] > ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	b := make([]byte, 0, 3*len(s))
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f {
			b = append(b, c)
			continue
		}
		b = append(b, '%', upperHex[s[i]>>4], upperHex[s[i]&0xf])
	}
	return string(b)
}

const upperHex = "0123456789ABCDEF"

const redirectScheme = "tyk://"

// isRedirect reports whether a URL has the scheme of a redirect, in any case.
func isRedirect(url []byte) bool {
	return len(url) >= len(redirectScheme) && abi.EqualFold(url[:len(redirectScheme)], []byte(redirectScheme))
}

// ParseRedirect takes apart tyk://TARGET/path?query, where TARGET is "self", or
// the id or name of an API. ok says that the URL has this scheme; the error is
// [abi.ErrRedirect] if it is not valid then.
//
// The parameters method, loop_limit and check_limits of the query are for the
// gateway and are taken out of it.
func ParseRedirect(raw []byte) (r abi.Redirect, ok bool, err error) {
	if !isRedirect(raw) {
		return r, false, nil
	}
	rest := raw[len(redirectScheme):]
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 || bytes.ContainsFunc(raw, unfit) {
		return r, true, abi.ErrRedirect
	}
	target := string(rest[:end])
	if decoded, err := url.PathUnescape(target); err == nil {
		target = decoded
	}
	if target != "self" {
		r.API = []byte(target)
	}
	path, query, asked := bytes.Cut(rest[end:], []byte{'?'})
	r.URI = append(make([]byte, 0, len(path)+len(query)+2), path...)
	if len(path) == 0 {
		r.URI = append(r.URI, '/')
	}
	if query = readControls(&r, query); asked && len(query) > 0 {
		r.URI = append(append(r.URI, '?'), query...)
	}
	return r, true, nil
}

// unfit reports whether a request line cannot carry a character.
func unfit(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }

// readControls reads the parameters that are for the gateway and returns the
// query without them. Of one that is there twice, the first counts.
func readControls(r *abi.Redirect, query []byte) []byte {
	kept := make([]byte, 0, len(query))
	seen := map[string]bool{}
	for pair := range bytes.SplitSeq(query, []byte{'&'}) {
		switch name, value := unescapePair(pair); name {
		case "method", "loop_limit", "check_limits":
			if !seen[name] {
				setControl(r, name, value)
			}
			seen[name] = true
		default:
			if len(kept) > 0 {
				kept = append(kept, '&')
			}
			kept = append(kept, pair...)
		}
	}
	return kept
}

func setControl(r *abi.Redirect, name, value string) {
	switch name {
	case "method":
		r.Method = []byte(value)
	case "loop_limit":
		if limit, err := strconv.Atoi(value); err == nil {
			r.Limit = max(limit, 0)
		}
	case "check_limits":
		r.CheckLimits = value == "true"
	}
}

// unescapePair returns name and value of a parameter, as they are where they
// cannot be decoded.
func unescapePair(pair []byte) (name, value string) {
	n, v, _ := bytes.Cut(pair, []byte{'='})
	name, value = string(n), string(v)
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	if decoded, err := url.QueryUnescape(value); err == nil {
		value = decoded
	}
	return name, value
}
