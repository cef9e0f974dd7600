package sallyport

import (
	"os"
	"syscall"
)

// takeStdout returns the process's stdout and points descriptor 1 at stderr:
// whatever prints from now on, in Go, in C or in a program we start, ends up
// in the log and not between two messages.
func takeStdout() (*os.File, error) {
	fd, err := syscall.Dup(1)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	if err := syscall.Dup3(2, 1, 0); err != nil { // arm64 has no dup2
		return nil, err
	}
	os.Stdout = os.Stderr
	return os.NewFile(uintptr(fd), "protocol"), nil
}
