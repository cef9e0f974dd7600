package procstat

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Children returns what the threads of a process have started: see
// proc_pid_task(5).
func Children(pid int) (ids []int) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, t := range threads {
		children, err := os.ReadFile(dir + t.Name() + "/children")
		if err != nil {
			continue
		}
		for field := range bytes.FieldsSeq(children) {
			if id, err := strconv.Atoi(string(field)); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Descendants returns the children of a process, and theirs.
func Descendants(pid int) (ids []int) {
	for _, child := range Children(pid) {
		ids = append(append(ids, child), Descendants(child)...)
	}
	return ids
}

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
		return 0, fmt.Errorf("procstat: cpu time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// cpuOfStat reads the same from /proc, in units of 10 ms.
func cpuOfStat(pid int) (time.Duration, error) {
	const tick = 10 * time.Millisecond // USER_HZ is 100 for every program
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("procstat: cpu time of process %d: %w", pid, err)
	}
	// The name, in parentheses, may have spaces and parentheses in it.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("procstat: cpu time of process %d: unknown form of stat", pid)
	}
	var total time.Duration
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("procstat: cpu time of process %d: %w", pid, err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// Resident returns how many bytes of a process are in memory, of this process
// for pid 0: see proc_pid_statm(5). It fails once the process is gone.
func Resident(pid int) (bytes int64, err error) {
	name := "/proc/self/statm"
	if pid != 0 {
		name = fmt.Sprintf("/proc/%d/statm", pid)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0, fmt.Errorf("procstat: %s: %w", name, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
