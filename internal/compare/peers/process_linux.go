package peers

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// endWithParent lets the program not outlive us, however we end.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// children returns the direct children of a process: see proc(5).
func children(pid int) (ids []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for field := range strings.FieldsSeq(string(text)) {
		if id, err := strconv.Atoi(field); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
