package procstat_test

import (
	"os"
	"testing"

	"github.com/c386954a/sallyport/internal/procstat"
)

func TestResidentReadsThisAndOtherProcesses(t *testing.T) {
	for name, pid := range map[string]int{"self": 0, "by id": os.Getpid()} {
		if n, err := procstat.Resident(pid); err != nil || n < 1<<20 {
			t.Errorf("%s: Resident() = %d, %v, want more than a mebibyte", name, n, err)
		}
	}
}

func TestResidentFailsWithoutAProcess(t *testing.T) {
	if n, err := procstat.Resident(-1); err == nil {
		t.Errorf("Resident() = %d, want an error", n)
	}
}
