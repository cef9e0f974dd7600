package procstat_test

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

func TestMemoryIsBelowItsPeak(t *testing.T) {
	resident, err := procstat.Resident(os.Getpid())
	if peak := peakOf(t); err != nil || resident < 1<<20 || peak < resident {
		t.Errorf("Resident() = %d, %v, want at most the peak, %d", resident, err, peak)
	}
}

// peakOf returns what this process has had in memory at most.
func peakOf(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

func TestDescendantsFindChildrenOfChildren(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "sleep 60 & echo started; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	all := procstat.Descendants(os.Getpid())
	if direct := procstat.Children(cmd.Process.Pid); len(direct) != 1 || !slices.Contains(all, cmd.Process.Pid) || !slices.Contains(all, direct[0]) {
		t.Errorf("Descendants() = %v, want %d and %v among them", all, cmd.Process.Pid, direct)
	}
}
