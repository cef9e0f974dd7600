package ingress

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/c386954a/sallyport/proxy/h1"
)

// What clients may say about themselves. A client can write anything into
// X-Forwarded-For and its like, and upstreams, limits and logs believe it. One
// rule decides:
//
//   - From a peer that is not in [Config.TrustedProxies], all such fields are
//     dropped before the first hook. The address of the peer is that of the
//     client.
//   - From a trusted peer they are kept. X-Forwarded-For is read from right to
//     left, over trusted addresses, and the first other one is the client's;
//     X-Real-IP counts where there is none. X-Forwarded-Proto says whether the
//     client used TLS.
//
// Towards the upstream, the gateway extends X-Forwarded-For and Forwarded by
// the address of its peer, and adds X-Forwarded-Proto and X-Forwarded-Host
// where neither a trusted peer nor a plugin has set them.

// trusts reports whether the forwarding fields of a peer are believed.
func (c *Config) trusts(peer netip.Addr) bool {
	peer = peer.Unmap()
	return slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(peer) })
}

// identifyClient finds the client behind a trusted peer.
func (s *Stream) identifyClient() {
	if !s.conn.trusted {
		return
	}
	r := &s.X.Request
	if client, ok := s.forwardedFor(); ok {
		s.remote = client.AppendTo(s.remote[:0])
		r.RemoteAddr = s.remote
	}
	if proto, ok := r.Header.Get(forwardedProto); ok {
		r.TLS = h1.IsName(lastElement(proto), "https")
	}
}

var (
	forwardedProto = []byte("X-Forwarded-Proto")
	realIP         = []byte("X-Real-IP")
)

// forwardedFor returns the last address in the X-Forwarded-For fields that is
// not that of a trusted proxy, or the first of all if they all are.
func (s *Stream) forwardedFor() (client netip.Addr, ok bool) {
	h := s.X.Request.Header
	for i := len(h) - 1; i >= 0; i-- {
		if h1.KindOf(h[i].Name) != h1.KindForwardedFor {
			continue
		}
		for list := h[i].Value; len(list) > 0; {
			var element []byte
			list, element = cutLast(list)
			a, valid := parseNode(element)
			if !valid {
				return client, ok // whoever wrote this is not to be believed about what comes before
			}
			if client, ok = a, true; !s.server.settings.Load().trusts(a) {
				return client, ok
			}
		}
	}
	if ok {
		return client, ok
	}
	value, _ := h.Get(realIP)
	return parseNode(value)
}

// cutLast cuts the last element off a comma-separated list.
func cutLast(list []byte) (rest, last []byte) {
	i := bytes.LastIndexByte(list, ',')
	return list[:max(i, 0)], h1.Trim(list[i+1:])
}

func lastElement(list []byte) []byte {
	_, last := cutLast(list)
	return last
}

// parseNode reads an address, which may have a port and brackets.
func parseNode(node []byte) (netip.Addr, bool) {
	if len(node) == 0 || len(node) > 64 {
		return netip.Addr{}, false
	}
	text := string(node)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap(), true
	}
	if text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	a, err := netip.ParseAddr(text)
	return a.Unmap(), err == nil && a.Zone() == ""
}
