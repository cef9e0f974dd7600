package coproc

import (
	"math/rand/v2"
	"time"
)

// backoff decides how long to wait before the next start.
type backoff struct {
	cfg    Restart
	wait   time.Duration
	deaths []time.Time // within the window
}

// death notes the end of a process that lived so long. open tells that the
// breaker is open for the wait.
func (b *backoff) death(now time.Time, lived time.Duration) (wait time.Duration, open bool) {
	if lived >= b.cfg.Healthy {
		b.wait, b.deaths = 0, nil
	}
	b.deaths = append(b.deaths, now)
	for now.Sub(b.deaths[0]) > b.cfg.Window {
		b.deaths = b.deaths[1:]
	}
	b.wait = min(max(2*b.wait, b.cfg.Min), b.cfg.Max)
	if len(b.deaths) > b.cfg.Deaths {
		return b.cfg.Open, true
	}
	return jitter(b.wait), false
}

// jitter spreads d by a fifth both ways, so that many gateways do not start
// their processes in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
