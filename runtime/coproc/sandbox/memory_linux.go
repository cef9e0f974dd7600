package sandbox

import (
	"bytes"
	"os"
	"strconv"
)

// Resident returns the bytes of memory that a process and all it has started
// hold. Pages they share are counted for each. It is 0 once they are gone.
func Resident(pid int) int64 {
	total := residentOf(pid)
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return total
	}
	for _, t := range threads {
		children, err := os.ReadFile(dir + t.Name() + "/children")
		if err != nil {
			continue
		}
		for field := range bytes.FieldsSeq(children) {
			if child, err := strconv.Atoi(string(field)); err == nil {
				total += Resident(child)
			}
		}
	}
	return total
}

func residentOf(pid int) int64 {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
