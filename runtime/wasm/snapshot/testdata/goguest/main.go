// Goguest is a guest whose calls leave traces wherever a Go program keeps
// state: globals, the heap, grown memory, goroutines.
package main

import "runtime"

func main() {}

var (
	calls   int32
	visited = map[int32]string{-1: "init"}
	history = []int32{7}
	kept    [][]byte
	sink    *int
)

// untouched reports whether no call has left a trace.
func untouched() bool {
	return calls == 0 && len(visited) == 1 && visited[-1] == "init" &&
		len(history) == 1 && history[0] == 7 && kept == nil
}

// work returns 1 if it is the first call since the image, and leaves traces.
//
//go:wasmexport work
func work(n int32) int32 {
	first := untouched()
	calls++
	visited[n] = "work"
	history = append(history, n)
	kept = append(kept, make([]byte, 64+n%4096))
	if !first {
		return 0
	}
	return 1
}

// spawn sums up 0 to n-1 in goroutines.
//
//go:wasmexport spawn
func spawn(n int32) int32 {
	results := make(chan int32)
	for i := range n {
		go func() { results <- i }()
	}
	var sum int32
	for range n {
		sum += <-results
	}
	return sum
}

// collect runs the garbage collector.
//
//go:wasmexport collect
func collect() { runtime.GC() }

// balloon keeps n MiB of memory that is not zero.
//
//go:wasmexport balloon
func balloon(n int32) {
	b := make([]byte, int(n)<<20)
	for i := range b {
		b[i] = 0xa5
	}
	kept = append(kept, b)
}

// crash dereferences nil after leaving traces.
//
//go:wasmexport crash
func crash() {
	calls = 99
	*sink = 1
}
