// Package loglimit bounds what plugins write to the gateway's log: a [Limiter]
// the rate of their lines, a [Budget] the bytes of one call.
package loglimit

import (
	"sync"
	"time"
)

// Limiter bounds the rate of lines and counts those that it refuses. It is
// safe for concurrent use.
type Limiter struct {
	burst  int
	period time.Duration // after which one more line is allowed

	mu      sync.Mutex // protects the fields below
	full    time.Time  // when the whole burst is allowed again
	dropped int
}

// New returns a limiter that allows burst lines at once and, after that, as
// many in every interval.
func New(burst int, interval time.Duration) *Limiter {
	return &Limiter{burst: burst, period: interval / time.Duration(burst)}
}

// Allow reports whether a line may be written now. If it may, dropped is how
// many lines were refused since that was last reported.
func (l *Limiter) Allow(now time.Time) (ok bool, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full.Before(now) {
		l.full = now
	}
	if l.full.Sub(now) > time.Duration(l.burst-1)*l.period {
		l.dropped++
		return false, 0
	}
	l.full = l.full.Add(l.period)
	return true, l.take()
}

// Dropped returns how many lines were refused since that was last reported.
func (l *Limiter) Dropped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take()
}

// take returns the count and begins a new one. The lock is held.
func (l *Limiter) take() int {
	n := l.dropped
	l.dropped = 0
	return n
}

const (
	// MaxLine is where a line of a script's log is cut, in bytes.
	MaxLine = 64 << 10

	maxLogged = 256 << 10 // bytes that one call may log
)

// Exhausted is what the log says once about a call that has used its budget.
const Exhausted = "the call logs too much: the rest of it is dropped"

// Budget is how many bytes of log lines a call has used. The zero value is
// that of a call that begins. It belongs to one goroutine at a time.
type Budget int

// Spend counts a line of size bytes and its end. It reports whether the line
// is to be written, and if not, whether it is the first that is dropped.
func (b *Budget) Spend(size int) (ok, first bool) {
	if *b > maxLogged {
		return false, false
	}
	*b += Budget(size) + 1
	return *b <= maxLogged, *b > maxLogged
}
