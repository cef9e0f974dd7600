//go:build !unix

package attack

import (
	"errors"
	"os"
)

func duplicateStdout() (*os.File, error) { return os.Stdout, nil }

func killParent() error { return errors.ErrUnsupported }
