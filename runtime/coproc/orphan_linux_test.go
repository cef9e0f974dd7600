package coproc_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// gateway is a gateway in a process of its own, with a plugin process that
// does not look at its stdin. It never ends by itself.
func gateway() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := coproc.New(coproc.Config{Command: []string{self, "fake", "deaf"}})
	if err := r.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println(r.Stats().PID)
	select {}
}

func TestProcessEndsWithTheGateway(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "gateway")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("process id %q: %v, %v", line, err, readErr)
	}
	eventually(t, func() bool { return ended(pid) })
}

// confinedGateway is a gateway like that, but its process is in a sandbox and
// has children that do not look at anything either.
func confinedGateway(program string) error {
	r := coproc.New(coproc.Config{Command: []string{program, "fake", "deaf-parent"}, Sandbox: &sandbox.Config{Memory: 1 << 46}})
	if err := r.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println(r.Stats().PID)
	select {}
}

func TestProcessAndItsChildrenEndWithTheGateway(t *testing.T) {
	if !isRoot() {
		t.Skip("needs root to give the process a namespace of its own: sudo go test")
	}
	program := reachable(t)
	cmd := exec.Command(program, "confined-gateway", program)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("process id %q: %v, %v", line, err, readErr)
	}
	eventually(t, func() bool { return len(descendants(pid)) == 4 })
	killed := time.Now()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	eventually(t, func() bool { return len(descendants(pid)) == 0 })
	t.Logf("the process and its three children were gone %v after the gateway", time.Since(killed).Round(10*time.Microsecond))
}

// ended reports whether a process is gone, or a zombie that only waits for
// the system to take note.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}
