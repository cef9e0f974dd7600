package coproc

import "time"

// limiter allows a number of events per interval. It is not safe for
// concurrent use.
type limiter struct {
	max      int
	interval time.Duration

	start time.Time
	n     int
}

// allow counts an event and reports whether it is within the limit. Of the
// first event of an interval, missed tells how many the last one refused.
func (l *limiter) allow(now time.Time) (ok bool, missed int) {
	if now.Sub(l.start) >= l.interval {
		missed = max(l.n-l.max, 0)
		l.start, l.n = now, 0
	}
	l.n++
	return l.n <= l.max, missed
}
