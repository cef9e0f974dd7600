//go:build unix

package wasm_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// childVariable makes the test binary load a module and end with SIGTERM.
const childVariable = "SALLYPORT_COMPILE"

// TestSIGTERMEndsAProcessThatCompiles is for finding 6 of issue 12.
func TestSIGTERMEndsAProcessThatCompiles(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChildThatCompiles$")
	child.Env = append(os.Environ(), childVariable+"="+source(t, slowToCompile(200)))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch line := lines.Text(); line {
		case "compiling":
			if err := child.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		case "given up":
			if err := child.Wait(); err != nil {
				t.Errorf("child: %v", err)
			}
			return
		default:
			t.Errorf("child: %s", line)
		}
	}
	t.Errorf("the child ended otherwise: %v", child.Wait())
}

// TestChildThatCompiles is the child of the test above; it is empty otherwise.
func TestChildThatCompiles(t *testing.T) {
	path := os.Getenv(childVariable)
	if path == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	r, err := wasm.New(ctx, wasm.Config{Compiling: func(string) func() {
		fmt.Println("compiling")
		return func() { fmt.Println("compiled") }
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Load(ctx, abi.Spec{Name: "slow", Source: path})
	if ctx.Err() == nil {
		t.Fatalf("Load() = %v before the signal", err)
	}
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
	fmt.Println("given up")
	os.Exit(0)
}
