package procstat

import (
	"bytes"
	"os"
	"strconv"
)

// Children returns what the threads of a process have started: see
// proc_pid_task(5).
func Children(pid int) (ids []int) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, t := range threads {
		children, err := os.ReadFile(dir + t.Name() + "/children")
		if err != nil {
			continue
		}
		for field := range bytes.FieldsSeq(children) {
			if id, err := strconv.Atoi(string(field)); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Descendants returns the children of a process, and theirs.
func Descendants(pid int) (ids []int) {
	for _, child := range Children(pid) {
		ids = append(append(ids, child), Descendants(child)...)
	}
	return ids
}
