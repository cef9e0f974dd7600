package wasm

import (
	"context"
	"slices"
	"time"
)

// replenish makes instances before the calls that will need them, one at a
// time, and closes those that nobody needs any more, until the pool is closed.
// Its timer runs only while there is something that could be closed.
func (q *instancePool) replenish() {
	defer close(q.done)
	timer := time.NewTimer(q.idleTimeout)
	defer timer.Stop()
	for {
		select {
		case _, open := <-q.wake:
			if !open {
				return
			}
			q.fill()
			if !q.timerSet {
				q.setTimer(timer)
			}
		case <-timer.C:
			q.shrink()
			q.setTimer(timer)
		}
	}
}

// setTimer sets the timer if there is something that could be closed. Only
// replenish calls it.
func (q *instancePool) setTimer(t *time.Timer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.timerSet = q.live > q.spare(); q.timerSet {
		t.Reset(q.idleTimeout)
	}
}

// wakeUp wakes replenish. The caller is a user of the pool, so the channel is
// still open.
func (q *instancePool) wakeUp() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// wakeIfShort wakes replenish if spare instances are missing and may be made.
// The lock is held.
func (q *instancePool) wakeIfShort() {
	if q.live < q.max && len(q.idle) < q.spare() {
		q.wakeUp()
	}
}

// fill makes the spare instances that are missing.
func (q *instancePool) fill() {
	for q.reserve() {
		if !q.prepare() {
			return // the next call tries again and gets the error
		}
	}
}

// reserve counts a spare instance as live, if one is wanted.
func (q *instancePool) reserve() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing || q.live >= q.max || len(q.idle) >= q.spare() {
		return false
	}
	q.live++
	return true
}

// prepare makes the instance that was reserved.
func (q *instancePool) prepare() bool {
	ctx, cancel := context.WithTimeout(q.plugin.life, q.plugin.startTimeout)
	defer cancel()
	i, err := q.plugin.newInstance(ctx)
	if err != nil {
		q.plugin.log.Warn().Err(err).Msg("spare instance could not be started")
		q.free(0)
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all[i] = struct{}{}
	q.store(i)
	return true
}

// shrink closes the instances that were idle all the time since it was last
// called.
func (q *instancePool) shrink() {
	for _, i := range q.surplus() {
		i.close()
	}
}

// surplus takes the instances to close out of the pool. The least recently used
// are in front.
func (q *instancePool) surplus() []*instance {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := max(0, q.low-q.spare())
	old := slices.Clone(q.idle[:n])
	for _, i := range old {
		delete(q.all, i)
	}
	q.idle = slices.Delete(q.idle, 0, n)
	q.live -= n
	q.low = len(q.idle)
	return old
}
