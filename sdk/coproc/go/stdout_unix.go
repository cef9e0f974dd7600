//go:build unix && !linux && !solaris && !illumos && !aix

package sallyport

import (
	"os"
	"syscall"
)

// takeStdout returns the process's stdout and points descriptor 1 at stderr.
func takeStdout() (*os.File, error) {
	fd, err := syscall.Dup(1)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	if err := syscall.Dup2(2, 1); err != nil {
		return nil, err
	}
	os.Stdout = os.Stderr
	return os.NewFile(uintptr(fd), "protocol"), nil
}
