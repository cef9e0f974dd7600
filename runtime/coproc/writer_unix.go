//go:build unix

package coproc

import "syscall"

// attempt writes once, without waiting, and leaves the rest in tried. It
// always reports that it is done: waiting is the background's job.
func (w *writer) attempt(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.tried.rest)
		if n > 0 {
			w.tried.rest = w.tried.rest[n:]
		}
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return true
		}
		w.tried.err = err
		return true
	}
}
