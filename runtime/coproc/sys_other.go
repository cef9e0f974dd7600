//go:build !unix

package coproc

import "os/exec"

// confine does nothing where there are no process groups.
func confine(*exec.Cmd) {}

// terminate does nothing where a process cannot be asked: its stdin is closed
// already, and killGroup follows.
func terminate(*exec.Cmd) {}

// killGroup ends the process; its children end when they see stdin close.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// attempt leaves everything to the background: there is no portable way to
// write to a pipe without waiting.
func (w *frameWriter) attempt(uintptr) bool { return true }
