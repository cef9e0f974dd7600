// Package longtest says whether tests that take long run in full.
package longtest

import "os"

// Enabled reports whether the environment asks for long tests, by setting
// SALLYPORT_CI or SALLYPORT_LONG to 1.
func Enabled() bool {
	return os.Getenv("SALLYPORT_CI") == "1" || os.Getenv("SALLYPORT_LONG") == "1"
}
