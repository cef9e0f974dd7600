// Package usage tells what another process has used: CPU time and memory.
package usage

import "errors"

// ErrUnsupported says that this system does not tell.
var ErrUnsupported = errors.New("usage: not known on this system")

// Memory is what a process has in memory, in bytes.
type Memory struct {
	Resident int64 // now
	Peak     int64 // at most so far
}
