//go:build !unix

package coproc

import "os/exec"

// terminate does nothing where a process cannot be asked: stdin is closed
// already, and killGroup follows.
func terminate(*exec.Cmd) {}

// killGroup ends the process; its children end when they see stdin close.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
