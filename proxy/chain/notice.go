package chain

import "github.com/c386954a/sallyport/abi"

// Names of the events a chain sends of its own accord. A plugin may name
// others, see [abi.Cause].
const (
	EventAuthFailure       = abi.AuthFailure
	EventRateLimitExceeded = "RateLimitExceeded" // in place of abi.RatelimitExceeded
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

// notify tells subscribers why a request ended early.
func (c *Chain) notify(x *abi.Exchange, s *Step, h abi.Hook, err error) {
	if c.events == nil {
		return
	}
	name := c.eventName(x, h, err)
	if name == "" || !c.events.wanted(name) {
		return
	}
	if err == nil && c.dialect != nil {
		c.events.send(name, c.dialect.EventData(x))
		return
	}
	c.events.send(name, c.newNotice(x, s, h, err))
}

// eventName returns what to call the end of a request, or nothing.
func (c *Chain) eventName(x *abi.Exchange, h abi.Hook, err error) string {
	given := x.Cause().Event
	switch {
	case err != nil && abi.KindOf(err) == abi.Cancelled:
		return ""
	case err != nil:
		return EventPluginFault
	case c.dialect != nil:
		return c.dialect.EventName(h, given)
	case given == "" && h == abi.RateLimit, given == abi.RatelimitExceeded:
		return EventRateLimitExceeded
	case given == "" && h == abi.Auth:
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
