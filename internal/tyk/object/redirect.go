package object

import (
	"bytes"
	"net/url"
	"strconv"

	"github.com/c386954a/sallyport/abi"
)

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
