package usage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the time that all threads of a process have run, ended ones
// included, in user mode and in the kernel. It is exact to the nanosecond:
// short slices can be told apart.
func CPU(pid int) (time.Duration, error) {
	const perProcess = 2 // CPUCLOCK_SCHED of the kernel: the scheduler's own sum
	clock := int32(^pid)<<3 | perProcess
	var ts unix.Timespec
	err := unix.ClockGettime(clock, &ts)
	if errors.Is(err, unix.EINVAL) {
		return cpuOfStat(pid) // refused by a sandbox, or there is no such process
	}
	if err != nil {
		return 0, fmt.Errorf("usage: cpu time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// cpuOfStat reads the same from /proc, in units of 10 ms.
func cpuOfStat(pid int) (time.Duration, error) {
	const tick = 10 * time.Millisecond // USER_HZ is 100 for every program
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("usage: cpu time of process %d: %w", pid, err)
	}
	// The name, in parentheses, may have spaces and parentheses in it.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("usage: cpu time of process %d: unknown form of stat", pid)
	}
	var total time.Duration
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("usage: cpu time of process %d: %w", pid, err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// MemoryOf returns the resident memory of a process.
func MemoryOf(pid int) (Memory, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return Memory{}, fmt.Errorf("usage: memory of process %d: %w", pid, err)
	}
	m := Memory{Resident: line(text, "VmRSS:"), Peak: line(text, "VmHWM:")}
	if m.Resident == 0 {
		return m, fmt.Errorf("usage: memory of process %d: it has ended", pid)
	}
	return m, nil
}

// line returns the kilobytes in a line of /proc/PID/status as bytes.
func line(text []byte, name string) int64 {
	for l := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(l, []byte(name))
		if fields := bytes.Fields(rest); ok && len(fields) > 0 {
			n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
			return n << 10
		}
	}
	return 0
}
