package faults

import (
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Reachable returns the command with a copy of its program that every user may
// start, if the gateway runs as root: the external process then gets a user of
// its own, who may not be let into the folder of the original. remove removes
// the copy.
func Reachable(command []string) (reached []string, remove func(), err error) {
	if os.Geteuid() != 0 || len(command) == 0 {
		return command, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "sallyport-faults-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	reached = slices.Clone(command)
	reached[0] = filepath.Join(dir, filepath.Base(command[0])) // a program may go by its name
	if err = os.Chmod(dir, 0o755); err == nil {
		err = duplicate(command[0], reached[0])
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return reached, remove, nil
}

func duplicate(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}
