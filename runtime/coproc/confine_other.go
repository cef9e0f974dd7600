//go:build unix && !linux

package coproc

import (
	"os/exec"
	"syscall"
)

// confine puts the process into a group of its own, which can be killed as a
// whole. That it ends with the gateway rests on stdin alone here.
func confine(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
