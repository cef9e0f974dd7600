package outbound

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// location is where a URL leads to, in one spelling.
type location struct {
	scheme string
	host   string // lower case; addresses without brackets
	port   uint16
	path   string // decoded; empty if there is none
}

// Mistakes in a URL.
var (
	errScheme = errors.New("the scheme is not http or https")
	errUser   = errors.New("there is user information in it")
	errHost   = errors.New("the host is not a name or an address")
	errPort   = errors.New("the port is not a number from 1 to 65535")
	errPath   = errors.New("its path may mean another one: " +
		". or .. or an encoded slash, backslash, percent sign or control character")
)

// placeOf checks a URL.
func placeOf(u *url.URL) (p location, err error) {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return location{}, errScheme
	case u.User != nil:
		return location{}, errUser
	case !plainPath(u):
		return location{}, errPath
	}
	p = location{scheme: u.Scheme, path: u.Path}
	if p.host, err = hostOf(u.Hostname()); err != nil {
		return location{}, err
	}
	if p.port, err = portOf(u); err != nil {
		return location{}, err
	}
	return p, nil
}

// hostOf returns a host name in lower case, or an address in its canonical
// form.
func hostOf(host string) (string, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return "", errHost
		}
		return addr.Unmap().String(), nil
	}
	for _, c := range []byte(host) {
		if !isHostChar(c) {
			return "", errHost
		}
	}
	if host == "" {
		return "", errHost
	}
	return strings.ToLower(host), nil
}

func isHostChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
}

func portOf(u *url.URL) (uint16, error) {
	if u.Port() == "" {
		switch {
		case strings.HasSuffix(u.Host, ":"):
			return 0, errPort
		case u.Scheme == "http":
			return 80, nil
		}
		return 443, nil
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || n == 0 {
		return 0, errPort
	}
	return uint16(n), nil
}

// plainPath reports whether every server reads the path as the same one.
func plainPath(u *url.URL) bool {
	if strings.Count(u.Path, "/") != strings.Count(u.EscapedPath(), "/") {
		return false // one of them is encoded
	}
	for _, c := range []byte(u.Path) {
		if c < ' ' || c == 0x7f || c == '%' || c == '\\' {
			return false
		}
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		name, _, _ := strings.Cut(segment, ";")
		if name == "." || name == ".." {
			return false
		}
	}
	return true
}
