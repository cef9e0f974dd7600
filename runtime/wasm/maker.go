package wasm

import "context"

// maker makes instances ahead of the calls that will need them, one at a
// time, until the pool is closed.
func (q *pool) maker() {
	defer close(q.done)
	for range q.wake {
		for q.reserve() {
			if !q.prepare() {
				break // the next call tries again and gets the error
			}
		}
	}
}

// nudge wakes the maker. The caller is a user of the pool, so that wake is
// still open.
func (q *pool) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// reserve takes a place for a spare instance, if one is wanted.
func (q *pool) reserve() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing || q.live >= q.max || len(q.idle) >= q.spare {
		return false
	}
	q.live++
	return true
}

// prepare makes the instance that a place was reserved for.
func (q *pool) prepare() bool {
	ctx, cancel := context.WithTimeout(q.plugin.life, q.plugin.startTimeout)
	defer cancel()
	i, err := q.plugin.newInstance(ctx)
	if err != nil {
		q.plugin.log.Warn().Err(err).Msg("spare instance could not be started")
		q.free()
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.store(i)
	return true
}
