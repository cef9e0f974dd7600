package peers

import "syscall"

// endWithParent lets the program not outlive us, however we end.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
