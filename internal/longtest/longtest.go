// Package longtest says whether tests run in full: long matrices, soaks and
// attacks are reduced to a representative part otherwise.
package longtest

import "os"

// Enabled reports whether tests are to run in full, as SALLYPORT_LONG=1 or
// SALLYPORT_CI=1 ask for.
func Enabled() bool {
	return os.Getenv("SALLYPORT_LONG") != "" || os.Getenv("SALLYPORT_CI") != ""
}
