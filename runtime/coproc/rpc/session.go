package rpc

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

var errSession = abi.Errorf(abi.Protocol, "session is not a session object")

// appendSession appends the members of a session that processes get.
func appendSession(dst []byte, s *abi.Session) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for i := range abi.SessionMembers() {
		m := &abi.SessionMembers()[i]
		field := m.Field(s)
		if m.Process == abi.Never || m.Process == abi.IfSet && isZero(field) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		name := m.Name
		if name == metadataMember {
			name = metadata
		}
		dst = jsontext.AppendText(dst, name)
		dst = appendMember(append(dst, ':'), field)
	}
	return append(dst, '}')
}

// The protocol calls metadata what stores call meta_data.
const (
	metadata       = "metadata"
	metadataMember = "meta_data"
)

func isZero(field any) bool {
	switch p := field.(type) {
	case *int64:
		return *p == 0
	case *[]string:
		return len(*p) == 0
	case *map[string]abi.Access:
		return len(*p) == 0
	}
	return false
}

func appendMember(dst []byte, field any) []byte {
	switch p := field.(type) {
	case *string:
		return jsontext.AppendText(dst, *p)
	case *bool:
		return strconv.AppendBool(dst, *p)
	case *float64:
		return jsontext.AppendNumber(dst, *p)
	case *int64:
		return strconv.AppendInt(dst, *p, 10)
	case *[]string:
		dst = append(dst, '[')
		for i, text := range *p {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsontext.AppendText(dst, text)
		}
		return append(dst, ']')
	case *map[string]any:
		return jsontext.AppendObject(dst, *p)
	}
	return jsontext.AppendAny(dst, field)
}

// parseSession reads a checked session object.
func parseSession(raw []byte) (*abi.Session, error) {
	m, ok := membersOf(raw)
	if !ok {
		return nil, errSession
	}
	s := &abi.Session{}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if !setSession(s, string(name), value) {
			return nil, abi.Errorf(abi.Protocol, "session: %s has the wrong type", name)
		}
	}
	return s, nil
}

// setSession sets one member; null leaves the zero value, and a member that
// processes do not get is ignored.
func setSession(s *abi.Session, name string, value []byte) bool {
	switch name {
	case metadata:
		name = metadataMember
	case metadataMember:
		return true
	}
	m := abi.SessionMemberOf(name)
	if m == nil || m.Process == abi.Never || kindOf(value) == 'n' {
		return true
	}
	switch p := m.Field(s).(type) {
	case *string:
		return setText(p, value)
	case *bool:
		*p = string(value) == "true"
		return *p || string(value) == "false"
	case *float64:
		return setFloat(p, value)
	case *int64:
		return setInt(p, value)
	case *map[string]any:
		return setMetadata(p, value)
	default:
		return json.Unmarshal(value, p) == nil
	}
}

func setMetadata(dst *map[string]any, value []byte) bool {
	return kindOf(value) == '{' && json.Unmarshal(value, dst) == nil
}

func setText(dst *string, value []byte) bool {
	text, ok := textOf(value)
	*dst = string(text)
	return ok
}

// setFloat and setInt also take a number in a string: languages without
// 64-bit integers send them like this.
func setFloat(dst *float64, value []byte) bool {
	f, err := strconv.ParseFloat(string(numeral(value)), 64)
	*dst = f
	return err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func setInt(dst *int64, value []byte) bool {
	n, err := strconv.ParseInt(string(numeral(value)), 10, 64)
	*dst = n
	if err == nil {
		return true
	}
	var f float64 // 100.0 and 1e3 are integers, too
	if !setFloat(&f, value) || f != math.Trunc(f) || math.Abs(f) > MaxID {
		return false
	}
	*dst = int64(f)
	return true
}

func numeral(value []byte) []byte {
	if text, ok := textOf(value); ok {
		return text
	}
	return value
}

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
