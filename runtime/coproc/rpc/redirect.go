package rpc

import (
	"math"

	"github.com/c386954a/sallyport/abi"
)

// parseRedirect reads a URL that the dialect of the API may understand as one
// of this gateway.
func (a *applier) parseRedirect(url []byte) (r abi.Redirect, ok bool, err error) {
	if d := a.dialect(); d != nil {
		return d.ParseRedirect(url)
	}
	return r, false, nil
}

// redirect sends the request to another API. An answer counts more.
func (a *applier) redirect(to abi.Redirect) error {
	if a.out.Verdict == abi.Respond {
		a.drop("redirect of a request that is answered")
		return nil
	}
	return a.x.Redirect(to)
}

// redirectTo reads the member redirect, which asks for the right to write the
// path.
func (a *applier) redirectTo(raw []byte) error {
	if raw == nil || !a.may(WritePath, "redirect") {
		return nil
	}
	var to abi.Redirect
	m, ok := membersOf(raw)
	for name, value, more := m.next(); ok && more; name, value, more = m.next() {
		ok = kindOf(value) == 'n' || setRedirect(&to, string(name), value)
	}
	if !ok {
		return errShape("redirect")
	}
	return a.redirect(to)
}

// setRedirect sets one member; an unknown name is ignored.
func setRedirect(to *abi.Redirect, name string, value []byte) (ok bool) {
	ok = true
	switch name {
	case "api":
		to.API, ok = textOf(value)
	case "url":
		to.URI, ok = textOf(value)
	case "method":
		to.Method, ok = textOf(value)
	case "limit":
		var n int64
		n, ok = intOf(value)
		to.Limit = int(min(max(n, 0), math.MaxInt32))
	case "check_limits":
		to.CheckLimits = string(value) == "true"
		ok = to.CheckLimits || string(value) == "false"
	}
	return ok
}
