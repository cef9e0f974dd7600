//go:build unix

package coproc_test

import (
	"os/exec"
	"syscall"
)

func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// exists reports whether there is a process of that number, a zombie included.
func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }
