//go:build !unix

package coproc_test

import "os/exec"

func detach(*exec.Cmd) {}

func exists(int) bool { return false }

func hogShared(int) {}
