package wasm

import "context"

// close waits for all calls, stops those that are left when ctx ends, and
// closes the instances. It reports false if the pool was closed before.
func (q *instancePool) close(ctx context.Context, stop context.CancelFunc) bool {
	if !q.shut() {
		return false
	}
	select {
	case <-q.drained:
	case <-ctx.Done():
	}
	stop()
	<-q.drained
	close(q.wake)
	<-q.done
	for _, i := range q.idle {
		i.close()
	}
	return true
}

// shut refuses new calls from now on. It reports false if it was called before.
func (q *instancePool) shut() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return false
	}
	q.closing = true
	if q.users == 0 {
		close(q.drained)
	}
	return true
}
