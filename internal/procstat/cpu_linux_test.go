package procstat_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/procstat"
)

// own returns what getrusage says of this process.
func own(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestCPUIsWhatTheProcessHasUsed brackets the answer by what the process knows
// of itself. The kernel rounds that to a tick.
func TestCPUIsWhatTheProcessHasUsed(t *testing.T) {
	for name, cpu := range map[string]func(int) (time.Duration, error){"clock": procstat.CPU, "stat": procstat.CPUOfStat} {
		before := own(t)
		got, err := cpu(os.Getpid())
		after := own(t)
		const tick = 20 * time.Millisecond
		if err != nil || got < before-tick || got > after+tick {
			t.Errorf("%s: %v, %v, want from %v to %v", name, got, err, before, after)
		}
	}
}

func TestCPUGrowsWithWork(t *testing.T) {
	before, err := procstat.CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range 1_000_000 {
		n += len(os.Args)
	}
	after, err := procstat.CPU(os.Getpid())
	if err != nil || after <= before || n == 0 {
		t.Errorf("CPU() = %v after %v, %v", after, before, err)
	}
}

func TestProcessThatIsNotThereIsAnError(t *testing.T) {
	const nobody = 1<<22 + 1 // above what the kernel gives out
	if d, err := procstat.CPU(nobody); err == nil {
		t.Errorf("CPU() = %v, want an error", d)
	}
	if n, err := procstat.Resident(nobody); err == nil {
		t.Errorf("Resident() = %v, want an error", n)
	}
}
