package chain

import (
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// requestHooks are the hooks of a request on its way to the upstream, in
// order. Virtual comes after them, by path.
var requestHooks = [...]abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post}

// Chain is the ordered plugins of one API. Make one with [New].
type Chain struct {
	api      *abi.API
	steps    [abi.HookCount][]*Step
	virtuals []Virtual
	observe  func(*abi.Exchange, *Fault)
	events   *events // nil without subscribers

	requestBody, replyBody bool
	bodyLimit              int
}

// Config describes a chain.
type Config struct {
	API *abi.API
	// Steps are the plugins of each hook, in order. Those of the virtual hook
	// are in Virtuals.
	Steps    [abi.HookCount][]*Step
	Virtuals []Virtual
	// Observe is told of every fault, also of those that the policy lets
	// pass, on the goroutine of the request. It must not keep x. It may be nil.
	Observe func(x *abi.Exchange, f *Fault)
	// EventQueue is how many events may wait for their subscribers; 0 means
	// 256. Later ones are dropped and counted.
	EventQueue int
}

// Virtual binds a plugin to one path below the API, in place of the upstream.
type Virtual struct {
	Method string // empty means any
	// Path is compared with the path of the request, listen path included,
	// in all its spellings; see package urlpath. With a slash at its end it
	// stands for everything below it.
	Path string
	Step *Step
}

// New checks that every plugin implements the hooks it is bound to and
// returns the chain. Close must be called when it is no longer used.
func New(cfg Config) (*Chain, error) {
	c := &Chain{api: cfg.API, steps: cfg.Steps, virtuals: cfg.Virtuals, observe: cfg.Observe}
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

// HandleRequest runs the hooks before the upstream. Continue means that x is
// to be sent there; Respond means that x.Reply is final. An error is a
// [*Fault] that the plugin's policy does not let pass.
func (c *Chain) HandleRequest(x *abi.Exchange) (abi.Verdict, error) {
	x.API = c.api
	now := time.Now()
	for _, h := range requestHooks {
		for _, s := range c.steps[h] {
			v, end, err := c.step(x, s, h, now)
			if v == abi.Respond || err != nil {
				c.notify(x, s, h, err)
				return v, err
			}
			now = end
		}
	}
	if s := c.virtual(x); s != nil {
		return c.answer(x, s, now)
	}
	return abi.Continue, nil
}

// HandleReply runs the response hooks on x.Reply. A plugin that returns
// Respond ends the list.
func (c *Chain) HandleReply(x *abi.Exchange) error {
	now := time.Now()
	for _, s := range c.steps[abi.Response] {
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

// answer lets a virtual plugin stand in for the upstream; the response hooks
// see its reply as they would see the upstream's.
func (c *Chain) answer(x *abi.Exchange, s *Step, now time.Time) (abi.Verdict, error) {
	v, _, err := c.step(x, s, abi.Virtual, now)
	if err != nil {
		c.notify(x, s, abi.Virtual, err)
		return abi.Respond, err
	}
	if v == abi.Continue { // on_fault: open let the fault pass
		return abi.Continue, nil
	}
	return abi.Respond, c.HandleReply(x)
}

// virtual returns the plugin bound to the request's path, if there is one.
func (c *Chain) virtual(x *abi.Exchange) *Step {
	if len(c.virtuals) == 0 {
		return nil
	}
	path := urlpath.Clean(pathOf(x.Request.URI), nil)
	for i := range c.virtuals {
		if v := &c.virtuals[i]; v.matches(x.Request.Method, path) {
			return v.Step
		}
	}
	return nil
}

func (v *Virtual) matches(method, path []byte) bool {
	if v.Method != "" && v.Method != string(method) {
		return false
	}
	if strings.HasSuffix(v.Path, "/") {
		return len(path) >= len(v.Path) && string(path[:len(v.Path)]) == v.Path
	}
	return v.Path == string(path)
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

// pathOf returns the target without its query.
func pathOf(uri []byte) []byte {
	for i, b := range uri {
		if b == '?' {
			return uri[:i]
		}
	}
	return uri
}
