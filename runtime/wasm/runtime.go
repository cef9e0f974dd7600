package wasm

import (
	"context"
	"fmt"
	"os"
	goruntime "runtime"

	"github.com/rs/zerolog"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
)

// Runtime is the sandbox. Load may be called by many goroutines at once, but
// loading the same file at once compiles it twice.
type Runtime struct {
	config Config
	log    zerolog.Logger
	cache  wazero.CompilationCache
}

var _ abi.Runtime = (*Runtime)(nil)

// New returns a runtime without plugins. It fails if the cache directory
// cannot be used.
func New(_ context.Context, c Config) (*Runtime, error) {
	cache, err := openCache(c.CacheDir)
	if err != nil {
		return nil, abi.Errorf(abi.Refused, "wasm: compilation cache: %w", err)
	}
	return &Runtime{config: c, log: c.logger(), cache: cache}, nil
}

// openCache returns the cache that all plugins share.
func openCache(dir string) (wazero.CompilationCache, error) {
	if dir == "" {
		return wazero.NewCompilationCache(), nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if goruntime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s is writable by others (mode %v); set it to 0700", dir, info.Mode().Perm())
	}
	return cache, nil
}

// Close releases the compiled code. All plugins have been closed before.
func (r *Runtime) Close(ctx context.Context) error {
	if err := r.cache.Close(ctx); err != nil {
		return abi.Errorf(abi.Trap, "wasm: %w", err)
	}
	return nil
}
