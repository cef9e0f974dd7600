package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/store"
)

// TestTheSandboxWorksWithoutACacheDirectory: where machine code cannot be
// kept, that costs time at the start and nothing else.
func TestTheSandboxWorksWithoutACacheDirectory(t *testing.T) {
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", occupied)
	t.Setenv("HOME", occupied)
	t.Setenv("LocalAppData", occupied)
	st, err := store.Open("memory:")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := zerolog.New(&log)
	r, err := newWasm(context.Background(), &config.Config{}, Options{Store: st, Logger: &logger})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(context.Background())
	if !strings.Contains(log.String(), "machine code is not kept") {
		t.Errorf("the log is %q, want a warning", log.String())
	}
}
