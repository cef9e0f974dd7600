//go:build !linux

package coproc

import (
	"os/exec"
	"syscall"
)

// dieWithThread does nothing: that the process ends with the gateway rests on
// its stdin alone here.
func dieWithThread(*syscall.SysProcAttr) {}

func enlarge(*pipes) {}

// awaitExit leaves the wait to exec: no portable call waits without reaping.
func awaitExit(*exec.Cmd) bool { return false }
