//go:build !linux

package procstat

import "time"

// Resident returns how many bytes of a process are in memory.
func Resident(int) (bytes int64, err error) { return 0, ErrUnsupported }

// CPU returns the time that all threads of a process have run.
func CPU(int) (time.Duration, error) { return 0, ErrUnsupported }

// Children returns what the threads of a process have started.
func Children(int) []int { return nil }

// Descendants returns the children of a process, and theirs.
func Descendants(int) []int { return nil }
