package wasm

import (
	"cmp"
	"context"
	"errors"
	goruntime "runtime"
	"slices"
	"sync"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// instancePool keeps the instances of one plugin: never more than max, including those
// that are being made. Each get that succeeds is followed by exactly one put or
// discard. It is safe for concurrent use.
type instancePool struct {
	plugin      *plugin
	max         int
	width       int           // how many calls may run at one time
	ahead       int           // how many unused instances are kept ready where making one is slow
	idleTimeout time.Duration // after which instances that were not needed are closed
	wake        chan struct{} // tells replenish that there may be work
	done        chan struct{} // closed when replenish has ended

	mu       sync.Mutex             // protects the fields below
	idle     []*instance            // the last used is the first to be used again
	timerSet bool                   // the timer of replenish is set; only replenish looks at it
	low      int                    // the fewest idle instances since replenish last looked
	live     int                    // instances that exist or are being made
	running  int                    // calls that have an instance or make one
	all      map[*instance]struct{} // those that exist
	waiting  []*waiter              // the first that came is told first
	users    int                    // calls between get and put or discard
	closing  bool
	drained  chan struct{} // closed when closing and without users
}

var (
	errBusy   = &abi.Error{Kind: abi.Busy, Err: errors.New("all instances are taken")}
	errClosed = &abi.Error{Kind: abi.Unavailable, Err: errors.New("plugin is closed")}
)

func newPool(p *plugin, c abi.Instances, idleTimeout time.Duration) *instancePool {
	n := goruntime.GOMAXPROCS(0)
	q := &instancePool{
		plugin:      p,
		max:         cmp.Or(c.Max, instancesPerCPU*n),
		idleTimeout: idleTimeout,
		wake:        make(chan struct{}, 1),
		done:        make(chan struct{}),
		drained:     make(chan struct{}),
	}
	q.ahead = min(q.max, 2*n)
	q.width = cmp.Or(c.Max, widthOf(p.spec.Grants, q.max, n))
	return q
}

// widthOf returns how many calls of a plugin run at one time on n processors
// where the configuration does not say. One processor is left to the rest of the
// gateway, whatever the plugin does, unless it may send requests: most of its
// calls wait for somebody else then.
func widthOf(g abi.Grants, instances, n int) int {
	if len(g.HTTP) > 0 {
		return instances
	}
	return max(1, n-1)
}

// start puts the first instance into the pool and starts replenish.
func (q *instancePool) start(i *instance) {
	q.idle, q.live = []*instance{i}, 1
	q.all = map[*instance]struct{}{i: {}}
	go q.replenish()
	q.wakeUp()
}

// spare returns how many unused instances are kept ready: one for a burst, or
// several where each call uses its instance up.
func (q *instancePool) spare() int {
	if _, _, restores := q.plugin.fallback.current(); restores || q.plugin.spec.Instances.Mode == abi.Pooled {
		return 1
	}
	return q.ahead
}

// get returns an instance for one call. It waits for one until the deadline, or
// until the client has gone.
func (q *instancePool) get(deadline time.Time, gone <-chan struct{}) (*instance, error) {
	i, w, err := q.enter()
	if err != nil {
		return nil, err
	}
	for w != nil && err == nil {
		i, w, err = q.wait(w, deadline, gone)
	}
	if err == nil && i == nil {
		i, err = q.make(deadline)
	}
	if err != nil {
		q.leave()
		return nil, err
	}
	return i, nil
}

// enter begins the use of the pool by a call, which takes an instance or waits.
func (q *instancePool) enter() (*instance, *waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return nil, nil, errClosed
	}
	q.users++
	i, w := q.take(nil)
	return i, w, nil
}

// take returns an idle instance, or neither if the caller has to make one, or a
// waiter in the queue if no instance is free or no more calls may run. The lock
// is held. A caller that has waited passes its waiter, which goes to the front
// of the queue.
func (q *instancePool) take(w *waiter) (*instance, *waiter) {
	n := len(q.idle)
	if n == 0 {
		q.low = 0
		q.wakeIfShort()
	}
	switch {
	case q.running >= q.width:
	case n > 0:
		i := q.idle[n-1]
		q.idle[n-1], q.idle = nil, q.idle[:n-1]
		q.low = min(q.low, n-1)
		q.running++
		q.wakeIfShort()
		return i, nil
	case q.live < q.max:
		q.live++
		q.running++
		return nil, nil
	}
	if w != nil {
		q.waiting = slices.Insert(q.waiting, 0, w)
		return nil, w
	}
	w = newWaiter()
	q.waiting = append(q.waiting, w)
	return nil, w
}

// make makes an instance; the caller has been counted as live.
func (q *instancePool) make(deadline time.Time) (*instance, error) {
	ctx, cancel := context.WithDeadline(q.plugin.life, deadline)
	defer cancel()
	i, err := q.plugin.newInstance(ctx)
	if err != nil {
		q.free(1)
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all[i] = struct{}{}
	return i, nil
}

// put gives an instance back that may be used again.
func (q *instancePool) put(i *instance) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	q.store(i)
	q.exit()
}

// discard closes an instance that must not be used again.
func (q *instancePool) discard(i *instance) {
	q.remove(i)
	i.close()
	q.free(1)
	q.wakeUp()
	q.leave()
}

func (q *instancePool) remove(i *instance) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.all, i)
}

// free lets the next waiter make an instance in the place of one that is gone,
// with which that many calls ran: 1, or 0 if it was never used.
func (q *instancePool) free(calls int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running -= calls
	q.live--
	if !q.waited() {
		return
	}
	w := q.next()
	if len(q.idle) > 0 {
		w.turn <- turn{again: true}
		return
	}
	q.live++
	q.running++
	w.turn <- turn{}
}

// waited reports whether a call waits that may run now. The lock is held.
func (q *instancePool) waited() bool { return len(q.waiting) > 0 && q.running < q.width }

// leave ends the use of the pool by a call.
func (q *instancePool) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.exit()
}

// exit is leave with the lock held.
func (q *instancePool) exit() {
	q.users--
	if q.closing && q.users == 0 {
		close(q.drained)
	}
}
