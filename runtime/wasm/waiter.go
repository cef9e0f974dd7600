package wasm

import (
	"slices"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// handOverAfter is how long a call waits before an instance is handed to it.
// Until then it is only told that there is one, and whoever comes first takes
// it: if every instance were handed over, each call of a busy pool would cost
// two changes of goroutines. One tick of the scheduler keeps waiting calls from
// starving. sync.Mutex does the same.
const handOverAfter = 10 * time.Millisecond

// waiter is a call that waits for an instance. Each time that it is put into the
// queue, its turn comes once.
type waiter struct {
	since time.Time
	turn  chan turn
}

// turn tells a waiter to try again, or to take an instance, or, if there is none,
// to make one.
type turn struct {
	again    bool
	instance *instance
}

func newWaiter() *waiter { return &waiter{since: time.Now(), turn: make(chan turn, 1)} }

// wait waits for the waiter's turn. It returns an instance, or the waiter if
// another call was faster, or neither if the caller has to make one.
func (q *instancePool) wait(w *waiter, deadline time.Time, gone <-chan struct{}) (*instance, *waiter, error) {
	late := errBusy
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case t := <-w.turn:
		return q.accept(w, t)
	case <-timer.C:
	case <-gone:
		late = abi.ErrClientGone
	}
	if q.forget(w) {
		return nil, nil, late
	}
	return q.accept(w, <-w.turn) // its turn came together with the deadline
}

func (q *instancePool) accept(w *waiter, t turn) (*instance, *waiter, error) {
	if !t.again {
		return t.instance, nil, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	i, w := q.take(w)
	return i, w, nil
}

// forget removes a waiter; it reports false if its turn has come.
func (q *instancePool) forget(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := slices.Index(q.waiting, w)
	if n < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, n, n+1)
	return true
}

// store makes an instance idle and tells the next waiter, or hands it over to
// one that has waited for long. The lock is held.
func (q *instancePool) store(i *instance) {
	if !q.waited() {
		q.idle = append(q.idle, i)
		return
	}
	w := q.next()
	if time.Since(w.since) > handOverAfter {
		q.running++
		w.turn <- turn{instance: i}
		return
	}
	q.idle = append(q.idle, i)
	w.turn <- turn{again: true}
}

// next takes the first waiter off the list. The lock is held.
func (q *instancePool) next() *waiter {
	w := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	return w
}
