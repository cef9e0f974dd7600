package lab

import (
	"slices"
	"sync"
)

// maxFaults is how many faults are remembered.
const maxFaults = 100

// maxMessage bounds the text of a fault that is remembered: a plugin may say
// as much as it likes.
const maxMessage = 500

// recorder remembers the last faults.
type recorder struct {
	mu    sync.Mutex    // protects list
	list  []FaultRecord // oldest first
	total uint64
}

func (r *recorder) add(f FaultRecord) {
	if len(f.Message) > maxMessage {
		f.Message = f.Message[:maxMessage] + "…"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if len(r.list) == maxFaults {
		r.list = slices.Delete(r.list, 0, 1)
	}
	r.list = append(r.list, f)
}

// newest returns what is remembered, newest first.
func (r *recorder) newest() []FaultRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(r.list)
	slices.Reverse(list)
	return append([]FaultRecord{}, list...)
}
