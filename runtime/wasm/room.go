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

// room counts the instances of all plugins of a runtime. It is safe for
// concurrent use.
type room struct {
	max  int64
	used atomic.Int64
}

// newRoom returns room for n instances, or for as many as half the mappings
// of the process allow if n is 0.
func newRoom(n int, caps snapshot.Capabilities) *room {
	if n > 0 {
		return &room{max: int64(n)}
	}
	if maps, ok := maxMaps(); ok && caps.Reserve {
		return &room{max: maps / 2 / mapsPerInstance}
	}
	return &room{max: math.MaxInt64}
}

// take reports whether there is room for one more, and takes it.
func (r *room) take() bool {
	if r.used.Add(1) <= r.max {
		return true
	}
	r.used.Add(-1)
	return false
}

func (r *room) give() { r.used.Add(-1) }

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
