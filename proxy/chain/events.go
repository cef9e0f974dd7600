package chain

import (
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// events delivers to the subscribers of one API, outside the way of requests.
// One goroutine owns its exchange; a full queue drops.
type events struct {
	api     *abi.API
	steps   []*Step
	call    caller
	queue   chan abi.Notice
	dropped atomic.Uint64
	done    sync.WaitGroup

	mu     sync.RWMutex // mu protects closed against a send on a closed queue
	closed bool
}

// caller runs one plugin in its transaction.
type caller func(*abi.Exchange, *Step, abi.Hook, time.Time) (abi.Verdict, time.Time, error)

// newEvents returns nil when nobody subscribes.
func newEvents(api *abi.API, steps []*Step, size int, call caller) *events {
	if len(steps) == 0 {
		return nil
	}
	if size <= 0 {
		size = 256
	}
	e := &events{api: api, steps: steps, call: call, queue: make(chan abi.Notice, size)}
	e.done.Go(e.deliver)
	return e
}

func (e *events) deliver() {
	var x abi.Exchange
	for n := range e.queue {
		x.Reset()
		x.API, x.Notice = e.api, n
		for _, s := range e.steps {
			if !s.wants(string(n.Name)) {
				continue
			}
			// Faults are in the step's counts; there is no client to tell.
			_, _, _ = e.call(&x, s, abi.Event, time.Now())
		}
	}
}

// wants reports whether the step subscribes to events of that name.
func (s *Step) wants(name string) bool { return len(s.Events) == 0 || slices.Contains(s.Events, name) }

// wanted reports whether anybody subscribes to events of that name.
func (e *events) wanted(name string) bool {
	return slices.ContainsFunc(e.steps, func(s *Step) bool { return s.wants(name) })
}

func (e *events) send(name string, payload any) {
	data, err := json.Marshal(payload)
	if err != nil {
		return // a struct of strings and ints always encodes
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return
	}
	select {
	case e.queue <- abi.Notice{Name: []byte(name), Data: data, Time: time.Now()}:
	default:
		e.dropped.Add(1)
	}
}

func (e *events) close() {
	e.mu.Lock()
	if !e.closed {
		e.closed = true
		close(e.queue)
	}
	e.mu.Unlock()
	e.done.Wait()
}

// DroppedEvents returns how many events found the queue full.
func (c *Chain) DroppedEvents() uint64 {
	if c.events == nil {
		return 0
	}
	return c.events.dropped.Load()
}
