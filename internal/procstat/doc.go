// Package procstat tells what a process uses: memory, CPU time and the
// processes it has started.
package procstat

import "errors"

// ErrUnsupported says that this system does not tell.
var ErrUnsupported = errors.New("procstat: not known on this system")
