//go:build !unix

package attack

import "os"

func duplicateStdout() (*os.File, error) { return os.Stdout, nil }
