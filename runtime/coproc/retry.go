package coproc

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// retrier is one call of a plugin, which may take more than one dispatch.
// Each reason to make another counts once, except that the process died
// before it had the call.
type retrier struct {
	p        *plugin
	h        *rpc.HandlerSpec
	x        *abi.Exchange
	deadline time.Time
	keep     *cacheEntry // where an answer may be kept; nil to keep none

	reloaded, rerouted, retried bool
	leaving                     *process // has said that it takes no calls any more
}

// dispatch calls the process until there is an answer, or no reason to call
// it again.
func (t *retrier) dispatch() (rpc.Applied, error) {
	for {
		proc, err := t.p.r.process(t.deadline, t.leaving)
		if err != nil {
			return rpc.Applied{}, err
		}
		out, err := proc.dispatch(t.h, t.x, t.deadline, t.keep)
		if err == nil {
			t.p.r.stats.calls.Add(1)
			proc.noteAnswer()
			return out, nil
		}
		if err := t.again(proc, err); err != nil {
			return out, err
		}
	}
}

// again returns nil if the call may be made once more after err.
func (t *retrier) again(proc *process, err error) error {
	if errors.Is(err, errNotSent) {
		return t.unlessLate(err)
	}
	said, ok := errors.AsType[*errorAnswer](err)
	switch {
	case ok && said.code == codeNoGeneration && !t.reloaded:
		t.reloaded = true
		if err := t.p.r.reload(proc, t.x.API, t.deadline); err != nil {
			return loadError(t.p.name, err)
		}
		return nil
	case ok && said.code == codeLeaving && !t.rerouted:
		t.rerouted, t.leaving = true, proc
		return nil
	case ok && said.code == codeOverloaded:
		proc.table.adjust(true)
		return t.later(said, err)
	case errors.Is(err, errGone) && t.mayRetry():
		t.retried = true
		t.p.r.stats.retries.Add(1)
		return t.unlessLate(err)
	}
	return err
}

func (t *retrier) unlessLate(err error) error {
	if time.Now().Before(t.deadline) {
		return nil
	}
	return err
}

// mayRetry reports whether a call that may have been executed, or a second
// one, does no harm.
func (t *retrier) mayRetry() bool { return t.p.retry && t.h.Idempotent && !t.retried }

// later waits as long as an overloaded process asks for.
func (t *retrier) later(said *errorAnswer, err error) error {
	wait := said.retryAfter()
	if !t.mayRetry() || time.Until(t.deadline) <= wait {
		return err
	}
	t.retried = true
	t.p.r.stats.retries.Add(1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-t.x.Gone:
		return abi.ErrClientGone
	}
}

// minRetryAfter is the wait before a retry when the process names none.
const minRetryAfter = time.Millisecond

// retryAfter reads data.retry_after_ms.
func (r *errorAnswer) retryAfter() time.Duration {
	var data struct {
		MS float64 `json:"retry_after_ms"`
	}
	if json.Unmarshal([]byte(r.data), &data) != nil || !(data.MS > 0 && data.MS < 1e6) {
		return minRetryAfter
	}
	return max(time.Duration(data.MS*float64(time.Millisecond)), minRetryAfter)
}

// widenEvery is how many answers widen the window by one after the process
// was overloaded.
const widenEvery = 64

// noteAnswer counts an answer, and widens the window after enough of them.
func (p *process) noteAnswer() {
	if p.answered.Add(1)%widenEvery == 0 && !p.held.Load() {
		p.table.adjust(false)
	}
}
