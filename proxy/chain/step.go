package chain

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// DefaultTimeout is the deadline of a call when a step names none.
const DefaultTimeout = 50 * time.Millisecond

// Policy says what a fault of a plugin does to the request.
type Policy uint8

const (
	// Closed ends the request with an error. It is the default.
	Closed Policy = iota
	// Open skips the plugin and counts it. It is never legal in the auth hook.
	Open
)

// String returns the policy's name as configuration files spell it.
func (p Policy) String() string {
	if p == Open {
		return "open"
	}
	return "closed"
}

// Step is one plugin bound to one hook of one API. It must not be shared
// between hooks: its counts are those of the binding.
type Step struct {
	Name      string // the plugin's, in logs and metrics
	Model     string // jsvm, wasm, coproc or builtin
	Plugin    abi.Plugin
	Timeout   time.Duration // 0 means DefaultTimeout
	OnFault   Policy
	BodyLimit int // bytes; 0 means no limit

	// Breaker keeps calls away while the plugin does nothing but time out: they
	// are faults of kind Unavailable then. Nil makes every call.
	Breaker *Breaker

	// Exemptable leaves the step out for requests that are exempt.
	Exemptable bool
	// Authenticates says that the step checks a credential although it is not
	// bound to auth. It is then left out where the auth hook is, and must not
	// fail open.
	Authenticates bool
	// NoSave says that the sessions the step sets are for this request only.
	NoSave bool
	// Events are the names of the events an event step is told of; none means
	// all.
	Events []string
	// Counts collects the statistics of the calls. Pass the Counts of the step
	// that this one replaces to continue them; nil starts at zero.
	Counts *Stats

	hook     abi.Hook
	lastAuth bool // no later step of the chain checks a credential
}

// Hook returns the hook the step is bound to, once [New] has taken it.
func (s *Step) Hook() abi.Hook { return s.hook }

// Stats returns the counts of this step; they may be read at any time.
func (s *Step) Stats() *Stats { return s.Counts }

// Steps yields every step of the chain in the order of the hooks.
func (c *Chain) Steps() iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		for s := range c.bindings() {
			if !yield(s) {
				return
			}
		}
	}
}

// bindings yields the steps with their hooks, in the order of the constants.
func (c *Chain) bindings() iter.Seq2[*Step, abi.Hook] {
	return func(yield func(*Step, abi.Hook) bool) {
		for h := range abi.AllHooks.All() {
			for _, s := range c.steps[h] {
				if !yield(s, h) {
					return
				}
			}
		}
	}
}

// bind checks that the plugin can serve the hook.
func (s *Step) bind(h abi.Hook) error {
	d := s.Plugin.Declares()
	if !d.Hooks.Has(h) {
		return abi.Errorf(abi.Refused, "plugin %s does not implement hook %s; it implements %s", s.Name, h, d.Hooks)
	}
	if s.OnFault == Open && (h == abi.Auth || s.Authenticates) {
		return abi.Errorf(abi.Refused, "plugin %s: on_fault: open is not allowed on hook auth", s.Name)
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Counts == nil {
		s.Counts = new(Stats)
	}
	s.hook = h
	return nil
}

// step runs one plugin in its transaction and applies its fault policy. It
// returns the time at which the call ended.
func (c *Chain) step(x *abi.Exchange, s *Step, h abi.Hook, start time.Time) (abi.Verdict, time.Time, error) {
	if x.Loop.Depth > 0 && h == abi.Auth {
		x.Session = nil // that of another API must not pass for this one's
	}
	v, end, err := c.call(x, s, h, start)
	if err == nil {
		x.Loop.Authenticated = x.Loop.Authenticated || (s.lastAuth && v == abi.Continue)
		return v, end, nil
	}
	f := &Fault{Step: s, Hook: h, Err: asError(err)}
	if f.Err.Kind == abi.Cancelled {
		return abi.Respond, end, f // nobody is left whom a policy could serve
	}
	if f.Err != errBreakerOpen { // was told once, when the breaker opened
		c.observe(x, f)
	}
	if s.OnFault == Open {
		s.Counts.skipped.Add(1)
		return abi.Continue, end, nil
	}
	return abi.Respond, end, f
}

// call runs one plugin: begin, call, check, then commit or discard.
func (c *Chain) call(x *abi.Exchange, s *Step, h abi.Hook, start time.Time) (abi.Verdict, time.Time, error) {
	x.BodyLimit = s.BodyLimit
	x.Begin(h, start.Add(s.Timeout))
	v, err := s.run(x)
	if err == nil {
		err = check(x, v)
	}
	if err != nil && errors.Is(err, errBreakerOpen) {
		s.Counts.refuse()
		x.Discard()
		return abi.Respond, start, err
	}
	end := time.Now()
	s.Counts.record(v, end.Sub(start), err)
	if err != nil {
		x.Discard()
		return abi.Respond, end, err
	}
	x.Commit(v)
	if c.save != nil && x.Unsaved() && !s.NoSave {
		end = c.saveSession(x, s, end)
	}
	if x.Redirected() != nil {
		return abi.Respond, end, nil
	}
	return v, end, nil
}

// saveSession hands the session of x to whoever keeps sessions. It returns
// the time at which that ended.
func (c *Chain) saveSession(x *abi.Exchange, s *Step, now time.Time) time.Time {
	if x.Session == nil || x.Session.KeyID == "" {
		return now
	}
	if err := c.save(now.Add(s.Timeout), x.Hook, x.Session); err != nil {
		c.observe(x, &Fault{Step: s, Hook: x.Hook, Err: abi.Errorf(abi.Unavailable, "session is not saved: %w", err)})
	}
	return time.Now()
}

// run calls the plugin, if the breaker permits it.
func (s *Step) run(x *abi.Exchange) (abi.Verdict, error) {
	if s.Breaker == nil {
		return s.guard(x)
	}
	p, err := s.Breaker.admit()
	if err != nil {
		return abi.Respond, err
	}
	v, err := s.guard(x)
	s.Breaker.done(p, err)
	return v, err
}

// guard turns a panic of a runtime into a fault of this one call.
func (s *Step) guard(x *abi.Exchange) (v abi.Verdict, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = abi.Errorf(abi.Trap, "panic in the runtime: %v\n%s", r, debug.Stack())
		}
	}()
	return s.Plugin.Call(x)
}

// Verdicts that no hook may return. They are values: a plugin that keeps
// failing must not cost an allocation each time.
var (
	errVerdict   = &abi.Error{Kind: abi.Protocol, Err: errors.New("unknown verdict")}
	errNoReply   = &abi.Error{Kind: abi.Protocol, Err: errors.New("respond without a status")}
	errNoSession = &abi.Error{Kind: abi.Protocol, Err: errors.New("auth continued without setting a session")}
	errNoAnswer  = &abi.Error{Kind: abi.Protocol, Err: errors.New("a virtual plugin must respond")}
)

// check refuses verdicts that are not legal in the hook: whatever a plugin
// does, a request without a session never passes auth.
func check(x *abi.Exchange, v abi.Verdict) error {
	switch {
	case v > abi.Respond:
		return errVerdict
	case x.Redirected() != nil:
		return nil
	case v == abi.Respond && x.Reply.Status == 0 && x.Hook != abi.Event:
		return errNoReply
	case v == abi.Continue && x.Hook == abi.Auth && x.Session == nil:
		return errNoSession
	case v == abi.Continue && x.Hook == abi.Virtual:
		return errNoAnswer
	}
	return nil
}

// Fault is a plugin call that failed. Its text is for the log.
type Fault struct {
	Step *Step
	Hook abi.Hook
	Err  *abi.Error
}

// Error names plugin, hook and what happened.
func (f *Fault) Error() string {
	return fmt.Sprintf("plugin %s, hook %s: %v", f.Step.Name, f.Hook, f.Err)
}

// Unwrap returns what happened.
func (f *Fault) Unwrap() error { return f.Err }

func asError(err error) *abi.Error {
	if e, ok := errors.AsType[*abi.Error](err); ok {
		return e
	}
	return &abi.Error{Kind: abi.Trap, Err: err}
}
