package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// pattern is one grant.
type pattern struct {
	location
	below  bool // every name below host, which begins with a dot
	prefix bool // every path that begins with path
}

// anyBelow begins a host that stands for all names below it.
const anyBelow = "*."

// parsePattern reads a grant.
func parsePattern(text string) (pattern, error) {
	p, err := readPattern(text)
	if err != nil {
		return pattern{}, fmt.Errorf("%q: %w; want scheme://host/path or scheme://host/path*", text, err)
	}
	return p, nil
}

func readPattern(text string) (p pattern, err error) {
	text, p.prefix = strings.CutSuffix(text, "*")
	u, err := url.Parse(text)
	if err != nil {
		return p, errors.New("not a URL")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#") {
		return p, errors.New("there is a query or fragment in it")
	}
	if u.Host, p.below = strings.CutPrefix(u.Host, anyBelow); strings.Contains(u.Host+u.Path, "*") {
		return p, errors.New("a * stands at the end of the path or before a domain")
	}
	if p.location, err = placeOf(u); err != nil {
		return p, err
	}
	return p, p.complete()
}

// complete checks what only patterns have.
func (p *pattern) complete() error {
	if p.path == "" {
		return errors.New("there is no path; /* is all of them")
	}
	if !p.below {
		return nil
	}
	if _, err := netip.ParseAddr(p.host); err == nil || strings.HasPrefix(p.host, ".") {
		return errors.New("*. stands before a domain")
	}
	p.host = "." + p.host
	return nil
}

// allows reports whether the grant covers a place.
func (p *pattern) allows(to location) bool {
	return p.scheme == to.scheme && p.port == to.port && p.allowsHost(to.host) && p.allowsPath(to.path)
}

func (p *pattern) allowsHost(host string) bool {
	if p.below {
		return strings.HasSuffix(host, p.host) && len(host) > len(p.host)
	}
	return host == p.host
}

func (p *pattern) allowsPath(path string) bool {
	if path == "" {
		path = "/"
	}
	if p.prefix {
		return strings.HasPrefix(path, p.path)
	}
	return path == p.path
}

// addresses returns the addresses that the grant names.
func (p *pattern) addresses() []netip.AddrPort {
	if p.host == "localhost" && !p.below {
		return []netip.AddrPort{
			netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), p.port),
			netip.AddrPortFrom(netip.IPv6Loopback(), p.port),
		}
	}
	addr, err := netip.ParseAddr(p.host)
	if err != nil {
		return nil
	}
	return []netip.AddrPort{netip.AddrPortFrom(addr, p.port)}
}
