package load

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// clock sleeps on a thread of its own. A sleeping goroutine wakes up to a
// millisecond late, because the scheduler waits in whole milliseconds; a thread
// without timer slack is late by microseconds.
type clock struct{}

func newSleeper() sleeper {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // late by 50 µs without
	return clock{}
}

// release gives the thread back.
func (clock) release() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0)
	runtime.UnlockOSThread()
}

func (clock) sleepUntil(t time.Time) {
	for left := time.Until(t); left > 0; left = time.Until(t) {
		ts := unix.NsecToTimespec(int64(min(left, 10*time.Millisecond)))
		_ = unix.Nanosleep(&ts, nil) // a signal ends it early; then the loop goes on
	}
}
