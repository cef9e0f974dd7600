//go:build unix

package faults_test

import (
	"context"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// catchInterrupt calls cancel when this process is interrupted, and closes the
// channel then.
func catchInterrupt(t *testing.T, cancel context.CancelFunc) <-chan struct{} {
	t.Helper()
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	t.Cleanup(func() { signal.Stop(caught) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-caught
		cancel()
	}()
	return done
}

// wantGone fails if the process whose number a file holds still runs.
func wantGone(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is left", pid)
	}
}
