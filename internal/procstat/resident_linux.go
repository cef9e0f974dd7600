package procstat

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

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
	return residentIn(text)
}

// residentIn reads the second field of statm, which counts pages.
func residentIn(statm []byte) (int64, error) {
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("procstat: %q is not a line of statm", statm)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("procstat: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}
