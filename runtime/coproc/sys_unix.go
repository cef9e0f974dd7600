//go:build unix

package coproc

import (
	"os/exec"
	"syscall"
)

// confine puts the process into a group of its own, which can be killed as a
// whole.
func confine(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithThread(cmd.SysProcAttr)
}

// terminate asks the process group to end.
func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// killGroup ends the process group.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// attempt writes once, without waiting, and leaves the rest in tried. It
// always reports that it is done, because the background does the waiting.
func (w *frameWriter) attempt(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.tried.rest)
		if n > 0 {
			w.tried.rest = w.tried.rest[n:]
		}
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return true
		}
		w.tried.err = err
		return true
	}
}
