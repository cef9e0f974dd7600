package abitest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// outcome is what a scenario expects, or what came of it.
type outcome struct {
	upstream message // its start is "none" if the upstream was not reached
	reply    message
	events   int // calls of event subscribers that succeeded

	faults []error // of all plugins, for the log
}

// String returns the outcome in the sections of a scenario.
func (o outcome) String() string {
	return fmt.Sprintf("-- upstream --\n%s-- reply --\n%s-- events --\n%d\n", o.upstream, o.reply, o.events)
}

// settle chooses among the kinds of fault that a scenario allows ("protocol
// or trap") the one that occurred, if it is one of them.
func (o outcome) settle(got outcome) outcome {
	kind, ok := got.reply.header.Get([]byte("fault"))
	i := o.reply.header.Index([]byte("fault"), 0)
	if !ok || i < 0 {
		return o
	}
	if slices.Contains(strings.Split(string(o.reply.header[i].Value), " or "), string(kind)) {
		o.reply.header = slices.Clone(o.reply.header)
		o.reply.header[i].Value = kind
	}
	return o
}

// play carries the scenario out: it stands in for the proxy and the upstream.
func (s *scenario) play(x *abi.Exchange, plugin pluginFor) (outcome, error) {
	var got outcome
	c, err := s.chain(plugin, func(_ *abi.Exchange, f *chain.Fault) { got.faults = append(got.faults, f) })
	if err != nil {
		return got, err
	}
	s.load(x, c)
	got.upstream, got.reply = s.exchange(x, c)
	c.Close()
	for step := range c.Steps() {
		if step.Hook() == abi.Event {
			n := step.Stats().Snapshot()
			got.events += int(n.Calls - n.FaultCount())
		}
	}
	return got, nil
}

func (s *scenario) chain(plugin pluginFor, observe func(*abi.Exchange, *chain.Fault)) (*chain.Chain, error) {
	cfg := chain.Config{API: s.api, Observe: observe}
	for _, b := range s.hooks {
		step := &chain.Step{
			Name: "conform", Plugin: plugin(b.hook),
			Timeout: b.timeout, OnFault: b.onFault, BodyLimit: b.bodyLimit,
		}
		if step.Timeout == 0 {
			step.Timeout = callTimeout
		}
		if b.hook == abi.Virtual {
			cfg.Virtuals = append(cfg.Virtuals, chain.Virtual{Method: b.method, Path: b.path, Step: step})
			continue
		}
		cfg.Steps[b.hook] = append(cfg.Steps[b.hook], step)
	}
	return chain.New(cfg)
}

// exchange returns what the upstream and what the client get.
func (s *scenario) exchange(x *abi.Exchange, c *chain.Chain) (upstream, reply message) {
	none := message{start: "none"}
	v, err := c.HandleRequest(x)
	if err != nil {
		return none, faultReply(err)
	}
	if v == abi.Respond {
		return none, s.storeReply(x)
	}
	upstream = s.storeRequest(x)
	s.loadReply(x, c)
	if err := c.HandleReply(x); err != nil {
		return upstream, faultReply(err)
	}
	return upstream, s.storeReply(x)
}

// load fills the exchange as the proxy would: a body that no plugin asked for
// streams past it.
func (s *scenario) load(x *abi.Exchange, c *chain.Chain) {
	x.Reset()
	method, rest, _ := strings.Cut(s.request.start, " ")
	uri, proto, _ := strings.Cut(rest, " ")
	x.RequestID = []byte("conform-1")
	r := &x.Request
	r.Method, r.URI, r.Proto = []byte(method), []byte(uri), []byte(proto)
	r.RemoteAddr = []byte("192.0.2.1:40000")
	for _, f := range s.request.header {
		if abi.EqualFold(f.Name, []byte("host")) {
			r.Host = f.Value
			continue
		}
		r.Header = append(r.Header, f)
	}
	r.Body, r.Streamed = buffered(s.request.body, c.RequestBody())
}

func (s *scenario) loadReply(x *abi.Exchange, c *chain.Chain) {
	var status int
	_, _ = fmt.Sscanf(s.upstreamReply.start, "HTTP/1.1 %d", &status)
	x.Reply.Status = status
	x.Reply.Header = append(x.Reply.Header[:0], s.upstreamReply.header...)
	x.Reply.Body, x.Reply.Streamed = buffered(s.upstreamReply.body, c.ReplyBody())
}

func buffered(body []byte, wanted bool) (bytes []byte, streamed bool) {
	if wanted || len(body) == 0 {
		return body, false
	}
	return nil, true
}

func (s *scenario) storeRequest(x *abi.Exchange) message {
	r := &x.Request
	m := message{start: fmt.Sprintf("%s %s %s", r.Method, r.URI, r.Proto), body: slices.Clone(r.Body)}
	m.header = append(m.header, abi.Field{Name: []byte("Host"), Value: slices.Clone(r.Host)})
	m.header = append(m.header, cloneHeader(r.Header)...)
	if r.Streamed {
		m.body = s.request.body
	}
	return m
}

func (s *scenario) storeReply(x *abi.Exchange) message {
	m := message{
		start:  fmt.Sprintf("HTTP/1.1 %d", x.Reply.Status),
		header: cloneHeader(x.Reply.Header),
		body:   slices.Clone(x.Reply.Body),
	}
	if x.Reply.Streamed {
		m.body = s.upstreamReply.body
	}
	return m
}

// cloneHeader copies header fields: those of an exchange are valid until its
// reset only.
func cloneHeader(h abi.Header) abi.Header {
	var out abi.Header
	for _, f := range h {
		out = append(out, abi.Field{Name: slices.Clone(f.Name), Value: slices.Clone(f.Value)})
	}
	return out
}

// faultReply is what the gateway makes of a fault, with its kind made visible.
func faultReply(err error) message {
	kind := abi.KindOf(err)
	return message{
		start:  fmt.Sprintf("HTTP/1.1 %d", kind.Status()),
		header: abi.Header{{Name: []byte("fault"), Value: []byte(kind.String())}},
	}
}
