//go:build !linux

package usage

import "time"

// CPU returns the time that all threads of a process have run.
func CPU(int) (time.Duration, error) { return 0, ErrUnsupported }

// MemoryOf returns the resident memory of a process.
func MemoryOf(int) (Memory, error) { return Memory{}, ErrUnsupported }
