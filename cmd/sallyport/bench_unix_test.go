//go:build unix

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCtrlCEndsTheBenchmarkWithAllItHasStarted interrupts everything that the
// terminal would: the program and its children.
func TestCtrlCEndsTheBenchmarkWithAllItHasStarted(t *testing.T) {
	temp := t.TempDir()
	cmd := exec.Command(asSallyport(t), "bench", "--rows", "native,coproc go", "--duration", "1h")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer hung.Stop()
	for lines := bufio.NewScanner(progress); lines.Scan(); {
		if strings.Contains(lines.Text(), "started") {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("%v, want exit code %d", err, exitInterrupted)
	}
	// Whoever was killed is gone when the kernel has come round to it.
	left := syscall.Kill(-cmd.Process.Pid, 0)
	for end := time.Now().Add(10 * time.Second); left == nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		left = syscall.Kill(-cmd.Process.Pid, 0)
	}
	if !errors.Is(left, syscall.ESRCH) {
		t.Errorf("processes are left: %v", left)
	}
	if files, _ := filepath.Glob(filepath.Join(temp, "*")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// asSallyport returns the test binary under the name by which it is the
// commandLine.
func asSallyport(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "sallyport")
	if os.Link(self, program) == nil {
		return program
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}
