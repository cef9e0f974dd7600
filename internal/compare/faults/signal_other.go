//go:build !unix

package faults

import "os"

// terminate ends a process: there is no asking.
func terminate(p *os.Process) error { return p.Kill() }
