// Package longtest says whether the long tests were asked for: full matrices,
// soaks and attacks that would keep an ordinary run of the tests waiting.
package longtest

import "os"

// Enabled reports whether long tests run in full. SALLYPORT_CI=1 and
// SALLYPORT_LONG=1 ask for it; without them a representative part runs.
func Enabled() bool {
	return os.Getenv("SALLYPORT_CI") == "1" || os.Getenv("SALLYPORT_LONG") == "1"
}
