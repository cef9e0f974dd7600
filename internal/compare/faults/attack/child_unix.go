//go:build unix

package attack

import (
	"os"
	"syscall"
)

// duplicateStdout returns the pipe to the gateway, for writing past the
// library. It has to be called before the library takes stdout.
func duplicateStdout() (*os.File, error) {
	fd, err := syscall.Dup(1)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "raw"), nil
}
