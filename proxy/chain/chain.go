package chain

import (
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Chain is the ordered plugins of one API. Make one with [New].
type Chain struct {
	api      *abi.API
	dialect  *abi.Dialect           // of the API; nil is the gateway's own
	steps    [abi.HookCount][]*Step // the virtual ones in the order of virtuals
	virtuals []Virtual
	exempt   []Pattern
	observe  func(*abi.Exchange, *Fault)
	save     func(deadline time.Time, h abi.Hook, s *abi.Session) error
	events   *events // nil without subscribers

	requestBody, replyBody bool
	bodyLimit              int
}

// Config describes a chain.
type Config struct {
	// API is what the chain is for. Its dialect says what differs.
	API *abi.API
	// Steps are the plugins of each hook, in order. Those of the virtual hook
	// are in Virtuals.
	Steps    [abi.HookCount][]*Step
	Virtuals []Virtual
	// Exempt are the requests for which the steps marked as Exemptable are
	// left out.
	Exempt []Pattern
	// Save stores a session that a plugin has set or changed, if it has a key
	// id. It runs after the commit, on the request's goroutine, even if the
	// request fails later. For the auth hook, s is to be stored under s.KeyID;
	// for any other hook, s replaces the stored session. An error goes to
	// Observe and does not end the request. If Save is nil, changes last for
	// this request only.
	Save func(deadline time.Time, h abi.Hook, s *abi.Session) error
	// Observe is told of every fault, also of those that the policy lets
	// pass, on the goroutine of the request. It must not keep x. It may be nil.
	Observe func(x *abi.Exchange, f *Fault)
	// EventQueue is how many events may wait for their subscribers; 0 means
	// 256. Later ones are dropped and counted.
	EventQueue int
}

// New checks that every plugin implements the hooks it is bound to and
// returns the chain. Close must be called when it is no longer used.
func New(cfg Config) (*Chain, error) {
	c := &Chain{
		api: cfg.API, steps: cfg.Steps, exempt: cfg.Exempt, observe: cfg.Observe, save: cfg.Save,
	}
	if c.api != nil {
		c.dialect = c.api.Dialect
	}
	c.setVirtuals(cfg.Virtuals)
	if c.observe == nil {
		c.observe = func(*abi.Exchange, *Fault) {}
	}
	for s, h := range c.bindings() {
		if err := s.bind(h); err != nil {
			return nil, err
		}
		c.demand(s, h)
	}
	for _, h := range []abi.Hook{abi.Auth, abi.RateLimit} {
		if n := len(c.steps[h]); n > 1 {
			return nil, abi.Errorf(abi.Refused, "hook %s takes one plugin, not %d", h, n)
		}
	}
	c.markLastAuth()
	c.events = newEvents(c.api, c.steps[abi.Event], cfg.EventQueue, c.call)
	return c, nil
}

// Close waits until events in delivery are done. Plugins stay open: they
// belong to whoever loaded them.
func (c *Chain) Close() {
	if c.events != nil {
		c.events.close()
	}
}

// API returns what the chain was made for.
func (c *Chain) API() *abi.API { return c.api }

// RequestBody reports whether a plugin needs the request body buffered.
func (c *Chain) RequestBody() bool { return c.requestBody }

// ReplyBody reports whether a plugin needs the reply body buffered.
func (c *Chain) ReplyBody() bool { return c.replyBody }

// EditsReply reports whether any plugin sees the upstream's reply.
func (c *Chain) EditsReply() bool { return len(c.steps[abi.Response]) > 0 }

// BodyLimit returns the largest body, in bytes, that may be buffered for the
// plugins that need one; 0 means no limit.
func (c *Chain) BodyLimit() int { return c.bodyLimit }

// Dialect returns that of the API; nil is the gateway's own.
func (c *Chain) Dialect() *abi.Dialect { return c.dialect }

// HandleRequest runs the hooks before the upstream and says how the request
// goes on. An error is a [*Fault] that the plugin's policy does not let pass;
// it comes with [Failed] and never without. So does [abi.ErrClientGone], between
// two plugins.
func (c *Chain) HandleRequest(x *abi.Exchange) (Next, error) {
	x.API = c.api
	now := time.Now()
	exempt := c.exempts(x)
	for _, h := range c.dialect.Hooks() {
		for _, s := range c.at(h, x) {
			if s.skips(x, exempt) {
				continue
			}
			if x.ClientGone() {
				return Failed, abi.ErrClientGone
			}
			v, end, err := c.step(x, s, h, now)
			if v == abi.Respond || err != nil {
				return c.finish(x, s, h, err)
			}
			now = end
		}
	}
	return Forward, nil
}

// finish ends a request that does not go to the upstream. Where the dialect of
// the API says so, the response hooks see an answer as they would see the
// upstream's.
func (c *Chain) finish(x *abi.Exchange, s *Step, h abi.Hook, err error) (Next, error) {
	if err == nil && x.Redirected() != nil {
		return Redirected, nil
	}
	c.notify(x, s, h, err)
	if err == nil && !x.Rejected() && c.dialect.Shows(h) {
		err = c.HandleReply(x)
	}
	if err != nil {
		return Failed, err
	}
	return Answered, nil
}

// HandleReply runs the response hooks on x.Reply. A plugin that returns
// Respond ends the list.
func (c *Chain) HandleReply(x *abi.Exchange) error {
	now := time.Now()
	for _, s := range c.steps[abi.Response] {
		if x.ClientGone() {
			return abi.ErrClientGone
		}
		v, end, err := c.step(x, s, abi.Response, now)
		if err != nil {
			c.notify(x, s, abi.Response, err)
			return err
		}
		if v == abi.Respond {
			return nil
		}
		now = end
	}
	return nil
}

// at returns the steps that a request passes in a hook.
func (c *Chain) at(h abi.Hook, x *abi.Exchange) []*Step {
	if h == abi.Virtual {
		return c.virtual(x)
	}
	return c.steps[h]
}

// demand adds up what the plugins need buffered. The smallest limit counts:
// no plugin is given more than it is configured for.
func (c *Chain) demand(s *Step, h abi.Hook) {
	d := s.Plugin.Declares()
	request, reply := d.RequestBody.Has(h), d.ReplyBody.Has(h)
	c.requestBody = c.requestBody || request
	c.replyBody = c.replyBody || reply
	if (request || reply) && s.BodyLimit > 0 && (c.bodyLimit == 0 || s.BodyLimit < c.bodyLimit) {
		c.bodyLimit = s.BodyLimit
	}
}
