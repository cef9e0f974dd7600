package coproc

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// A call may stay unanswered after its deadline for staleFactor times its own
// duration, and at least for staleMin, before the process counts as stuck.
const (
	staleFactor = 10
	staleMin    = time.Second
)

var (
	// errNotSent says that the process died before the call was sent, so that
	// the call can go to the next process.
	errNotSent = &abi.Error{Kind: abi.Unavailable, Err: errors.New("process ended before the call was sent")}

	errGone     = &abi.Error{Kind: abi.Gone, Err: errors.New("process died while it had the call")}
	errTimeout  = &abi.Error{Kind: abi.Timeout, Err: errors.New("deadline passed")}
	errWindow   = &abi.Error{Kind: abi.Busy, Err: errors.New("window of the process full until the deadline")}
	errBacklog  = &abi.Error{Kind: abi.Busy, Err: errors.New("process does not read fast enough")}
	errTooLarge = &abi.Error{Kind: abi.Limit, Err: errors.New("message exceeds what the process takes")}
)

// eventShare is the part of the outgoing buffer that events may fill: they
// are the first to be dropped when the process reads too slowly.
const eventShare = 4

// dispatch runs one hook and applies its result to x. An event does not wait
// for a slot.
func (p *process) dispatch(h *rpc.HandlerSpec, x *abi.Exchange, deadline time.Time, keep *cacheEntry) (rpc.Applied, error) {
	now := time.Now()
	wait, share := deadline.Sub(now), 1
	if x.Hook == abi.Event {
		wait, share = 0, eventShare
	}
	i, err := p.acquire(wait, x.Gone)
	if err != nil {
		return rpc.Applied{}, err
	}
	s := &p.table.slots[i]
	id := p.table.id(i)
	s.out = appendHead(s.out[:0], id, `"dispatch"`)
	s.out, err = h.AppendDispatch(s.out, x, deadline.Sub(now))
	if err == nil {
		s.out = append(s.out, "}\n"...)
		err = p.roundTrip(i, id, share, now, deadline, x.Gone)
	} else {
		p.table.release(i)
	}
	if err != nil {
		return rpc.Applied{}, err
	}
	defer p.table.release(i)
	result, err := p.resultOf(s)
	if err != nil {
		return rpc.Applied{}, err
	}
	out, err := h.Apply(x, result)
	if keep != nil && err == nil && out.Verdict == abi.Continue {
		keep.put(result, out.CacheTTL, now)
	}
	return out, err
}

// acquire returns a free slot of the window, waiting up to left for one, or
// until the client has gone.
func (p *process) acquire(left time.Duration, gone <-chan struct{}) (int, error) {
	select {
	case <-p.table.window:
		return p.table.pop(), nil
	default:
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-p.table.window:
		return p.table.pop(), nil
	case <-p.dead:
		return 0, errNotSent
	case <-gone:
		return 0, abi.ErrClientGone
	case <-timer.C:
		return 0, errWindow
	}
}

func appendHead(dst []byte, id uint64, method string) []byte {
	dst = append(dst, `{"jsonrpc":"2.0","id":`...)
	dst = strconv.AppendUint(dst, id, 10)
	dst = append(dst, `,"method":`...)
	dst = append(dst, method...)
	return append(dst, `,"params":`...)
}

// roundTrip sends the frame in slot i and waits for its answer, unless the
// client has gone. After an error the slot is no longer the caller's.
func (p *process) roundTrip(i int, id uint64, share int, sent, deadline time.Time, gone <-chan struct{}) error {
	s := &p.table.slots[i]
	if len(s.out) > p.maxOut+1 {
		p.table.release(i)
		return errTooLarge
	}
	s.begin(id)
	if err := p.send(s.out, share); err != nil {
		p.table.release(i)
		return err
	}
	s.timer.Reset(time.Until(deadline))
	select {
	case <-s.done:
		s.timer.Stop()
		return nil
	case <-s.timer.C:
		if p.table.abandon(i, id, stale(sent, deadline)) {
			p.cancel(id, "deadline")
			return errTimeout
		}
	case <-gone:
		s.timer.Stop()
		if p.table.abandon(i, id, stale(sent, deadline)) {
			p.cancel(id, "client_closed")
			return abi.ErrClientGone
		}
	case <-p.dead:
		s.timer.Stop()
		if p.table.abandon(i, id, deadline) {
			return p.gone()
		}
	}
	<-s.done // the answer came first
	return nil
}

// gone is the error of the calls that the process had when it died.
func (p *process) gone() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(p.cause, errMemory) {
		return errLimit
	}
	return errGone
}

// send puts a frame into the outgoing buffer.
func (p *process) send(frame []byte, share int) error {
	if p.ending.Load() {
		return errNotSent
	}
	switch err := p.out.put(frame, share); {
	case err == nil:
		return nil
	case errors.Is(err, errFull):
		return errBacklog
	}
	return errNotSent
}

func stale(sent, deadline time.Time) time.Time {
	return deadline.Add(max(staleFactor*deadline.Sub(sent), staleMin))
}

// cancel tells the process that nobody waits for a call any more. If the
// process does not read, the message is lost.
func (p *process) cancel(id uint64, reason string) {
	b := make([]byte, 0, 96)
	b = append(b, `{"jsonrpc":"2.0","method":"cancel","params":{"id":`...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `,"reason":"`...)
	b = append(b, reason...)
	_ = p.send(append(b, "\"}}\n"...), 1)
}

// resultOf checks an answer and returns its result.
func (p *process) resultOf(s *slot) ([]byte, error) {
	f, err := s.parser.Frame(s.in)
	if err != nil {
		p.violation(err)
		return nil, &abi.Error{Kind: abi.Protocol, Err: err}
	}
	if f.Error == nil {
		return f.Result, nil
	}
	fault, err := rpc.ParseFault(f.Error)
	if err != nil {
		return nil, &abi.Error{Kind: abi.Protocol, Err: err}
	}
	return nil, faultError(&fault)
}

// control sends a request other than dispatch and returns its result, which
// the caller owns.
func (p *process) control(ctx context.Context, method string, params any) ([]byte, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(p.cfg.StartTimeout)
	}
	body, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	var i int
	select {
	case i = <-p.table.control:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.dead:
		return nil, errNotSent
	}
	s := &p.table.slots[i]
	id := p.table.id(i)
	s.out = append(appendHead(s.out[:0], id, `"`+method+`"`), body...)
	s.out = append(s.out, "}\n"...)
	if err := p.roundTrip(i, id, 1, time.Now(), deadline, nil); err != nil {
		return nil, err
	}
	defer p.table.release(i)
	result, err := p.resultOf(s)
	return append([]byte(nil), result...), err
}
