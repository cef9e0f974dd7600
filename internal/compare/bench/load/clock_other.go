//go:build !linux

package load

import "time"

// clock sleeps as well as the scheduler can.
type clock struct{}

func newSleeper() sleeper { return clock{} }

func (clock) release() {}

func (clock) sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }
