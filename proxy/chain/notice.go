package chain

import (
	"encoding/base64"
	"net"

	"github.com/c386954a/sallyport/abi"
)

// Names of the events a chain sends of its own accord. A plugin may name
// others, see [abi.Cause].
const (
	EventAuthFailure       = abi.AuthFailure
	EventRateLimitExceeded = "RateLimitExceeded" // abi.RatelimitExceeded under Tyk's rules
	EventPluginFault       = "PluginFault"
)

// notice is the payload of an event.
type notice struct {
	API       string `json:"api"`
	RequestID string `json:"request_id"`
	Path      string `json:"path"`
	Plugin    string `json:"plugin"`
	Hook      string `json:"hook"`
	Status    int    `json:"status,omitempty"`
	Kind      string `json:"kind,omitempty"` // of a fault
	Message   string `json:"message,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// tykMeta is the payload of an event about a key as Tyk's handlers know it.
type tykMeta struct {
	Message            string
	OriginatingRequest string // base64
	Path               string
	Origin             string
	Key                string
	Reason             string `json:",omitempty"`
}

// notify tells subscribers why a request ended early.
func (c *Chain) notify(x *abi.Exchange, s *Step, h abi.Hook, err error) {
	if c.events == nil {
		return
	}
	name := c.eventName(x, h, err)
	if name == "" || !c.events.wanted(name) {
		return
	}
	if err == nil && c.rules.compat == Tyk {
		c.events.send(name, newTykMeta(x))
		return
	}
	c.events.send(name, c.newNotice(x, s, h, err))
}

// eventName returns what to call the end of a request, or nothing. Scripts
// for Tyk that turn a request away in auth do so without an event.
func (c *Chain) eventName(x *abi.Exchange, h abi.Hook, err error) string {
	given, tyk := x.Cause().Event, c.rules.compat == Tyk
	switch {
	case err != nil:
		return EventPluginFault
	case given == "" && h == abi.RateLimit, given == abi.RatelimitExceeded:
		if tyk {
			return abi.RatelimitExceeded
		}
		return EventRateLimitExceeded
	case given == "" && h == abi.Auth && !tyk:
		return EventAuthFailure
	}
	return given
}

func (c *Chain) newNotice(x *abi.Exchange, s *Step, h abi.Hook, err error) *notice {
	cause := x.Cause()
	n := &notice{
		API: c.api.Name, RequestID: string(x.RequestID), Path: string(pathOf(x.Request.URI)),
		Plugin: s.Name, Hook: h.String(), Status: x.Reply.Status, Message: cause.Message, Reason: cause.Reason,
	}
	if err != nil {
		n.Kind = abi.KindOf(err).String()
		n.Status = abi.KindOf(err).Status()
	}
	return n
}

func newTykMeta(x *abi.Exchange) *tykMeta {
	cause := x.Cause()
	m := &tykMeta{
		Message: cause.Message, Reason: cause.Reason, Path: string(pathOf(x.Request.URI)),
		Origin: hostOf(string(x.Request.RemoteAddr)), Key: string(cause.Key),
		OriginatingRequest: base64.StdEncoding.EncodeToString(textOf(&x.Request)),
	}
	if cause.Key == nil && x.Session != nil {
		m.Key = x.Session.KeyID
	}
	return m
}

// hostOf returns an address without its port.
func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

// maxRequestText is the most an event tells of a request: many may wait.
const maxRequestText = 64 << 10

// textOf returns a request as it looks on the wire (RFC 9112 section 2.1),
// with as much of its body as is buffered and fits.
func textOf(r *abi.Request) []byte {
	b := append([]byte(nil), r.Method...)
	b = append(append(b, ' '), r.URI...)
	b = append(append(append(b, " HTTP/1.1\r\nHost: "...), r.Host...), "\r\n"...)
	for _, f := range r.Header {
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	b = append(b, r.Body[:min(len(r.Body), maxRequestText)]...)
	return b[:min(len(b), maxRequestText)]
}
