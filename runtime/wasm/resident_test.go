package wasm_test

import (
	"bytes"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"strconv"
)

// resident returns the resident memory of the process after a collection, or
// 0 where the system does not tell. Pages of files, images included, do not
// count: the system counts them once for each instance that maps them.
func resident() int64 {
	goruntime.GC()
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	shared, errShared := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil || errShared != nil {
		return 0
	}
	return (pages - shared) * int64(os.Getpagesize())
}

// lines counts the lines of a file of /proc, descriptors the open files. Both
// are 0 where there is no /proc.
func mappings() int {
	b, _ := os.ReadFile("/proc/self/maps")
	return bytes.Count(b, []byte{'\n'})
}

func descriptors() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}
