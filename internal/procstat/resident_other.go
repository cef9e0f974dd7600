//go:build !linux

package procstat

import "errors"

// Resident fails: only Linux is asked for the memory of a process.
func Resident(int) (bytes int64, err error) {
	return 0, errors.New("procstat: resident memory is known on Linux only")
}
