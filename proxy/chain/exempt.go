package chain

import (
	"bytes"
	"regexp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// Pattern stands for the requests whose path it is found in: below the listen
// path of the API, or in the whole path.
type Pattern struct {
	Method string // empty means any
	Path   *regexp.Regexp
}

// exempts reports whether the request needs no key. It looks at the path as it
// was received, before any plugin. A path that the upstream may resolve
// differently, because it contains an escaped separator or a parameter, is never
// exempt.
func (c *Chain) exempts(x *abi.Exchange) bool {
	if len(c.exempt) == 0 {
		return false
	}
	received := pathOf(x.Request.URI)
	path := urlpath.Clean(received, nil)
	if hidesSeparator(path) || urlpath.HasParameter(received) {
		return false
	}
	for i := range c.exempt {
		p := &c.exempt[i]
		if p.Method != "" && p.Method != string(x.Request.Method) {
			continue
		}
		if urlpath.Match(p.Path, path, c.api.ListenPath) {
			return true
		}
	}
	return false
}

// hidesSeparator reports whether a clean path has an escaped slash, a
// backslash, or two dots before a parameter, which some servers cut off.
func hidesSeparator(path []byte) bool {
	return bytes.IndexByte(path, '\\') >= 0 || bytes.Contains(path, []byte("..;")) ||
		bytes.Contains(path, []byte("%2f")) || bytes.Contains(path, []byte("%2F"))
}

// skips reports whether a request passes by the step: because it is exempt,
// or because it comes from a loop. A loop does not count as a request of its
// own, and one to the API itself has shown its credential already.
func (s *Step) skips(x *abi.Exchange, exempt bool) bool {
	if exempt && s.Exemptable {
		return true
	}
	l := &x.Loop
	switch {
	case l.Depth == 0:
		return false
	case s.hook == abi.RateLimit:
		return !l.CheckLimits
	case s.checksCredential():
		return l.Self && l.Authenticated && x.Session != nil
	}
	return false
}

func (s *Step) checksCredential() bool { return s.hook == abi.Auth || s.Authenticates }

// markLastAuth finds the step after which a request has shown all the
// credentials that the chain asks for.
func (c *Chain) markLastAuth() {
	var last *Step
	for _, h := range c.dialect.Hooks() {
		for _, s := range c.steps[h] {
			if s.checksCredential() {
				last = s
			}
		}
	}
	if last != nil {
		last.lastAuth = true
	}
}
