package sandbox

import (
	"bytes"
	"os"
	"strconv"

	"github.com/c386954a/sallyport/internal/procstat"
)

// Resident returns the bytes of memory that a process and its descendants
// hold. Pages they share are counted for each. It is 0 once they are gone, and
// on systems other than Linux.
func Resident(pid int) int64 {
	total, err := procstat.Resident(pid)
	if err != nil {
		return 0
	}
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
