package chain

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Names of the events a chain sends.
const (
	EventAuthFailure       = "AuthFailure"
	EventRateLimitExceeded = "RateLimitExceeded"
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
}

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
			// Faults are in the step's counts; there is no client to tell.
			_, _, _ = e.call(&x, s, abi.Event, time.Now())
		}
	}
}

func (e *events) send(name string, n notice) {
	data, err := json.Marshal(n)
	if err != nil {
		return // a struct of strings and ints always encodes
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return
	}
	select {
	case e.queue <- abi.Notice{Name: []byte(name), Data: data}:
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

// notify tells subscribers why a request ended early.
func (c *Chain) notify(x *abi.Exchange, s *Step, h abi.Hook, err error) {
	if c.events == nil {
		return
	}
	name := eventName(h, err)
	if name == "" {
		return
	}
	n := notice{
		API: c.api.Name, RequestID: string(x.RequestID), Path: string(pathOf(x.Request.URI)),
		Plugin: s.Name, Hook: h.String(), Status: x.Reply.Status,
	}
	if err != nil {
		n.Kind = abi.KindOf(err).String()
		n.Status = abi.KindOf(err).Status()
	}
	c.events.send(name, n)
}

func eventName(h abi.Hook, err error) string {
	switch {
	case err != nil:
		return EventPluginFault
	case h == abi.Auth:
		return EventAuthFailure
	case h == abi.RateLimit:
		return EventRateLimitExceeded
	}
	return ""
}
