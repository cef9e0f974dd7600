package wasmtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// BuildGo compiles the Go program in folder dir to a guest in the file out.
func BuildGo(dir, out string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build",
		"-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, b)
	}
	return nil
}
