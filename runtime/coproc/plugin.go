package coproc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

var _ abi.Plugin = (*plugin)(nil)

// defaultTimeout bounds a call whose exchange has no deadline.
const defaultTimeout = time.Second

var errPluginClosed = &abi.Error{Kind: abi.Unavailable, Err: errors.New("plugin is closed")}

// bound holds the handler for each hook a plugin is bound to.
type bound [abi.HookCount]*rpc.HandlerSpec

// plugin is one handler of the process, bound to hooks. It never changes, and
// outlives the process it was loaded from.
type plugin struct {
	r        *Runtime
	name     string
	entry    string
	hooks    abi.HookSet
	config   json.RawMessage
	apis     []*abi.API
	timeout  time.Duration
	handlers bound
	declared abi.Declaration
	retry    bool // a call may be made once more

	gate   *gate       // around calls
	warned atomic.Bool // a dropped write has been logged

	answers cache // of auth
}

// Load binds the handler s.Entry of the process, which it starts if it
// does not run yet, and tells the process about s.APIs. The error is of kind Refused if
// the process does not start, does not declare the handler for the hooks, or
// refuses an API.
func (r *Runtime) Load(ctx context.Context, s abi.Spec) (abi.Plugin, error) {
	if err := r.Start(ctx); err != nil {
		return nil, err
	}
	p, err := r.process(loadDeadline(ctx, r.cfg.StartTimeout), nil)
	if err != nil {
		return nil, err
	}
	pl, err := r.newPlugin(p, &s)
	if err != nil {
		return nil, err
	}
	r.add(pl)
	for _, api := range s.APIs {
		if err := r.loadAPI(ctx, p, api); err != nil {
			r.remove(ctx, pl)
			return nil, loadError(s.Name, err)
		}
	}
	return pl, nil
}

// loadError is of kind Refused if the process refused, and otherwise that of
// the process's own failure.
func loadError(name string, err error) error {
	kind := abi.Refused
	if _, said := errors.AsType[*errorAnswer](err); !said {
		kind = abi.KindOf(err)
	}
	return abi.Errorf(kind, "plugin %s: %w", name, err)
}

func loadDeadline(ctx context.Context, def time.Duration) time.Time {
	if d, ok := ctx.Deadline(); ok {
		return d
	}
	return time.Now().Add(def)
}

// refusal is the error of a first start.
func (r *Runtime) refusal(err error) error {
	return abi.Errorf(abi.Refused, "start of plugin process %q: %w", r.cfg.command(), err)
}

func (r *Runtime) newPlugin(p *process, s *abi.Spec) (*plugin, error) {
	handlers, err := bind(p, s.Entry, s.Hooks)
	if err != nil {
		return nil, abi.Errorf(abi.Refused, "plugin %s: process %q: %w", s.Name, r.cfg.command(), err)
	}
	pl := &plugin{
		r: r, name: s.Name, entry: s.Entry, hooks: s.Hooks, config: s.Config, apis: s.APIs,
		timeout: cmp.Or(s.Limits.Timeout, defaultTimeout), handlers: handlers, gate: newGate(), retry: s.Retry,
	}
	pl.declared = declaration(p, s.Entry)
	for _, h := range handlers {
		if h == nil {
			continue
		}
		if s.Retry && !h.Idempotent {
			return nil, abi.Errorf(abi.Refused,
				"plugin %s: retry is idempotent, and handler %q does not declare to be", s.Name, s.Entry)
		}
		if err := p.checkBody(h, s.Limits.MaxBody); err != nil {
			return nil, abi.Errorf(abi.Refused, "plugin %s: handler %q %w", s.Name, s.Entry, err)
		}
	}
	return pl, nil
}

// messageOverhead is what a message with a body holds besides: the request
// line, usual headers and a session.
const messageOverhead = 16 << 10

// checkBody refuses a limit of bodies that contradicts what the handler wants,
// or that a message could not carry: a body grows by a third in base64.
func (p *process) checkBody(h *rpc.HandlerSpec, maxBody int64) error {
	if h.Body == rpc.BodyNone || maxBody <= 0 {
		return nil
	}
	if int64(h.MaxBody) > maxBody {
		return fmt.Errorf("wants bodies up to %d bytes, max_body is %d", h.MaxBody, maxBody)
	}
	if h.MaxBody > 0 {
		maxBody = int64(h.MaxBody)
	}
	need := (maxBody+2)/3*4 + messageOverhead
	switch {
	case need > int64(p.cfg.MaxMessage):
		return fmt.Errorf("gets bodies up to max_body, which is %d bytes and takes messages of %d, "+
			"but coproc.max_message is %d: lower max_body or raise coproc.max_message", maxBody, need, p.cfg.MaxMessage)
	case need > int64(p.maxOut):
		return fmt.Errorf("gets bodies up to max_body, which is %d bytes and takes messages of %d, "+
			"but max_message_bytes of the process is %d: lower max_body or raise max_message_bytes", maxBody, need, p.maxOut)
	}
	return nil
}

// bind finds the handlers of that name for the hooks. The error names what
// the process does not declare.
func bind(p *process, entry string, hooks abi.HookSet) (b bound, err error) {
	declared := declaration(p, entry).Hooks
	if declared == 0 {
		return b, fmt.Errorf("handler %q is not declared; it declares %s", entry, handlerNames(p))
	}
	if lacking := hooks &^ declared; lacking != 0 {
		return b, fmt.Errorf("handler %q is not declared for %v, only for %v", entry, lacking, declared)
	}
	for i := range p.handlers {
		h := &p.handlers[i]
		if h.Name != entry {
			continue
		}
		for hook := range (h.Hooks & hooks).All() {
			b[hook] = h
		}
	}
	return b, nil
}

func handlerNames(p *process) string {
	var names []string
	for i := range p.handlers {
		names = append(names, p.handlers[i].Name)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// declaration sums up all handlers of that name.
func declaration(p *process, entry string) (d abi.Declaration) {
	for i := range p.handlers {
		h := &p.handlers[i]
		if h.Name != entry {
			continue
		}
		d.Hooks |= h.Hooks
		if h.Body == rpc.BodyNone {
			continue
		}
		d.RequestBody |= h.Hooks &^ abi.SetOf(abi.Response, abi.Event)
		d.ReplyBody |= h.Hooks & abi.SetOf(abi.Response)
	}
	return d
}

// Declares implements [abi.Plugin].
func (p *plugin) Declares() abi.Declaration { return p.declared }

// Call implements [abi.Plugin]. While the process restarts it waits for it.
func (p *plugin) Call(x *abi.Exchange) (abi.Verdict, error) {
	h := p.handlers[x.Hook]
	if h == nil {
		return 0, abi.Errorf(abi.Protocol, "plugin %s is not bound to hook %v", p.name, x.Hook)
	}
	if !p.gate.enter() {
		return 0, errPluginClosed
	}
	defer p.gate.leave()
	deadline := x.Deadline
	if deadline.IsZero() {
		deadline = time.Now().Add(p.timeout)
	}
	out, err := p.call(h, x, deadline)
	if out.Dropped > 0 {
		p.dropped(&out)
	}
	return out.Verdict, err
}

// call dispatches, unless an answer to the same is still good.
func (p *plugin) call(h *rpc.HandlerSpec, x *abi.Exchange, deadline time.Time) (rpc.Applied, error) {
	t := retrier{p: p, h: h, x: x, deadline: deadline, keep: p.answers.entry(h, x)}
	if t.keep == nil {
		return t.dispatch()
	}
	if result, ok := t.keep.get(time.Now()); ok {
		p.r.stats.cached.Add(1)
		return h.Apply(x, result)
	}
	return t.dispatch()
}

// dropped counts writes that were not made and logs the first.
func (p *plugin) dropped(out *rpc.Applied) {
	p.r.stats.dropped.Add(uint64(out.Dropped))
	if p.warned.CompareAndSwap(false, true) {
		p.r.cfg.Logger.Warn().Str("plugin", p.name).Str("write", out.Why).
			Msg("plugin process may not write this: dropped, and counted from now on")
	}
}

// Close implements [abi.Plugin].
func (p *plugin) Close(ctx context.Context) error {
	err := p.gate.wait(ctx)
	p.r.remove(ctx, p)
	if err != nil {
		return abi.Errorf(abi.Timeout, "plugin %s: calls in flight: %w", p.name, err)
	}
	return nil
}

func (p *plugin) serves(key apiGeneration) bool {
	for _, api := range p.apis {
		if keyOf(api) == key {
			return true
		}
	}
	return false
}

// shut is added to the count of a gate when it is closed.
const shut = 1 << 32

// gate counts the calls inside. Once it is closed it admits no more and reports
// when the last one has left. Its methods may be called by many goroutines.
type gate struct {
	count atomic.Int64
	close sync.Once
	empty chan struct{}
	once  sync.Once // of closing empty
}

func newGate() *gate { return &gate{empty: make(chan struct{})} }

// enter admits a call unless the gate is closed. Every call that was admitted
// must leave.
func (g *gate) enter() bool {
	if g.count.Add(1) < shut {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.count.Add(-1) == shut {
		g.once.Do(func() { close(g.empty) })
	}
}

// wait closes the gate and waits until no call is inside, or ctx ends.
func (g *gate) wait(ctx context.Context) error {
	g.close.Do(func() {
		if g.count.Add(shut) == shut {
			g.once.Do(func() { close(g.empty) })
		}
	})
	select {
	case <-g.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
