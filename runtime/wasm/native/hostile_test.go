package native

import (
	"math"
	"testing"

	"github.com/c386954a/sallyport/abi"
)

// TestPointersOutsideOfTheMemoryAreFaults gives every function every
// combination of pointer and length that leaves the memory.
func TestPointersOutsideOfTheMemoryAreFaults(t *testing.T) {
	pairs := [][2]int{
		{memorySize, 1},
		{memorySize - 1, 2},
		{0, memorySize + 1},
		{math.MaxUint32, 1},
		{1, math.MaxUint32},
		{math.MaxUint32, math.MaxUint32},
	}
	for _, f := range functions() {
		for _, at := range pointersOf(f.name) {
			for _, pair := range pairs {
				g, _ := newGuest(t, abi.Spec{}, abi.Auth)
				stack := make([]uint64, f.params)
				stack[at] = garbage | uint64(uint32(pair[0]))
				stack[at+1] = garbage | uint64(uint32(pair[1]))
				if got := g.raw(f.name, stack); got != int64(CodeFault) {
					t.Errorf("%s with %#x at %d = %d, want fault", f.name, pair, at, got)
				}
			}
		}
	}
}

// pointersOf returns the parameters of a function that are pointers whose
// fault must be noticed when everything else is zero.
func pointersOf(name string) []int {
	return map[string][]int{
		"header_get":          {1},
		"header_values":       {1, 3},
		"header_names":        {1},
		"header_all":          {1},
		"header_set":          {1, 3},
		"header_add":          {1, 3},
		"header_del":          {1},
		"request_get":         {1},
		"request_set":         {1},
		"request_body_read":   {1},
		"request_body_splice": {2},
		"request_body_set":    {0},
		"reply_answer":        {1},
		"reply_body_read":     {1},
		"reply_body_splice":   {2},
		"reply_body_set":      {0},
		"meta_get":            {0},
		"meta_set":            {0, 2},
		"session_get":         {0},
		"session_set":         {0},
		"metadata_get":        {0},
		"metadata_set":        {0},
		"config_get":          {1},
		"api_get":             {1},
		"notice_get":          {1},
		"log":                 {1},
		"random":              {0},
	}[name]
}

// TestEveryPointerIsTested keeps the table above complete.
func TestEveryPointerIsTested(t *testing.T) {
	without := map[string]bool{
		"request_body_size": true, "reply_body_size": true, "reply_status": true,
		"reply_set_status": true, "clock": true, "time_left": true,
	}
	for _, f := range functions() {
		if (pointersOf(f.name) == nil) != without[f.name] {
			t.Errorf("%s is missing in a table", f.name)
		}
	}
}

// FuzzHostFunctions calls functions with any arguments on any memory: they
// never panic, and results are codes or lengths.
func FuzzHostFunctions(f *testing.F) {
	f.Add(uint8(0), uint8(0), []byte("A"), uint64(0), uint64(0), uint64(1), uint64(100), uint64(10))
	f.Add(uint8(23), uint8(1), []byte(`{"rate":1}`), uint64(0), uint64(10), uint64(0), uint64(0), uint64(0))
	f.Add(uint8(11), uint8(2), []byte("x"), uint64(math.MaxUint32), uint64(math.MaxUint32), uint64(0), uint64(1), uint64(0))
	f.Add(uint8(3), uint8(6), []byte{}, uint64(1), uint64(65530), uint64(6), uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, fn, hook uint8, memory []byte, a0, a1, a2, a3, a4 uint64) {
		all := functions()
		host := all[int(fn)%len(all)]
		g, x := newGuest(t, abi.Spec{Config: []byte(`{"a":"b"}`)}, abi.Hook(int(hook)%abi.HookCount))
		x.Session = &abi.Session{KeyID: "k", Metadata: map[string]any{"a": "b"}}
		g.module.Memory().Write(0, memory[:min(len(memory), memorySize)])
		n := g.raw(host.name, []uint64{a0, a1, a2, a3, a4}[:host.params])
		if n < int64(CodeNoCall) {
			t.Errorf("%s = %d, which is no code", host.name, n)
		}
		x.Discard()
	})
}
