//go:build !unix || solaris || illumos || aix

package sallyport

import "os"

// takeStdout returns the process's stdout. Here only what Go prints is
// diverted to stderr.
func takeStdout() (*os.File, error) {
	out := os.Stdout
	os.Stdout = os.Stderr
	return out, nil
}
