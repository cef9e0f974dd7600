package wasm

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// mapsPerInstance is how many mappings of the process an instance needs: its
// image, and the rest of its reservation.
const mapsPerInstance = 2

// quota bounds the instances of all plugins of a runtime. It is safe for
// concurrent use.
type quota struct {
	max  int64
	used atomic.Int64
}

// newQuota returns a quota of n instances, or, if n is 0, of as many as half
// the mappings of the process allow.
func newQuota(n int, caps snapshot.Capabilities) *quota {
	if n > 0 {
		return &quota{max: int64(n)}
	}
	if maps, ok := maxMaps(); ok && caps.Reserve {
		return &quota{max: maps / 2 / mapsPerInstance}
	}
	return &quota{max: math.MaxInt64}
}

// acquire takes one instance from the quota. It reports false if none is left.
func (q *quota) acquire() bool {
	if q.used.Add(1) <= q.max {
		return true
	}
	q.used.Add(-1)
	return false
}

func (q *quota) release() { q.used.Add(-1) }

// maxMaps returns how many mappings a process may have, where the system
// limits that.
func maxMaps() (n int64, ok bool) {
	text, err := os.ReadFile("/proc/sys/vm/max_map_count")
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil
}
