package procstat

import (
	"fmt"
	"os"
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
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0, fmt.Errorf("procstat: %s: %w", name, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
