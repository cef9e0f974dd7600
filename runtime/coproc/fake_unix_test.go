//go:build unix

package coproc_test

import (
	"os/exec"
	"syscall"
)

// hogShared holds memory that counts for no limit of the kernel.
func hogShared(n int) {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_SHARED)
	if err != nil {
		return
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
}

func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// exists reports whether there is a process of that number, a zombie included.
func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }
