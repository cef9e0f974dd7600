package wasm

import (
	"context"
	"fmt"
	"os"
	goruntime "runtime"
	"sync"

	"github.com/rs/zerolog"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// Runtime is the sandbox. Load may be called by many goroutines at once, but
// loading the same file at once compiles it twice.
type Runtime struct {
	config Config
	log    zerolog.Logger
	cache  wazero.CompilationCache
	caps   snapshot.Capabilities
	quota  *quota
	first  sync.Once // logs what the system offers

	formats []format

	compilations compilations

	options       rewrite.Options // of the instrumentation
	reinstantiate bool            // never take an image; for measurements
}

var _ abi.Runtime = (*Runtime)(nil)

// New returns a runtime without plugins. It probes what the system offers for
// resets; the first Load logs that. It fails if the cache directory cannot be
// used, and if the system lacks c.Strategy.
func New(_ context.Context, c Config) (*Runtime, error) {
	caps := snapshot.Probe()
	if _, err := caps.Resolve(c.Strategy, snapshot.MaxLimit); err != nil {
		return nil, abi.Errorf(abi.Refused, "wasm: %w", err)
	}
	cache, err := openCache(c.CacheDir)
	if err != nil {
		return nil, abi.Errorf(abi.Refused, "wasm: compilation cache: %w", err)
	}
	r := &Runtime{
		formats: formats(), config: c, log: c.logger(), cache: cache, caps: caps, quota: newQuota(c.MaxInstances, caps),
		options: rewrite.Options{Slice: slice, Yield: snapshot.YieldPages, DepthLimit: depthLimit},
	}
	return r, nil
}

// announce logs, with the first plugin, what the system offers.
func (r *Runtime) announce() {
	r.log.Info().Stringer("asked", r.config.Strategy).Stringer("large_memory", r.choice()).
		Str("reason", r.caps.Reason).Int64("max_instances", r.quota.max).Msg("sandbox is ready")
}

// choice returns the strategy for plugins with a large memory.
func (r *Runtime) choice() snapshot.Strategy {
	s, _ := r.caps.Resolve(r.config.Strategy, snapshot.MaxLimit) // New has seen the error
	return s
}

// learnVersion makes the engine look up its own version, which it stores without
// a lock when the first engine is made. Several goroutines may make runtimes.
var learnVersion = sync.OnceFunc(func() {
	ctx := context.Background()
	_ = wazero.NewRuntime(ctx).Close(ctx) // nothing in it can fail to close
})

// openCache returns the cache that all plugins share.
func openCache(dir string) (wazero.CompilationCache, error) {
	learnVersion()
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

// Close releases the compiled code. All plugins have been closed before. A
// compilation that a Load did not wait for releases it later, when it ends.
func (r *Runtime) Close(ctx context.Context) error {
	later := context.WithoutCancel(ctx)
	if r.compilations.defers(func() { _ = r.cache.Close(later) }) { // only frees memory
		return nil
	}
	if err := r.cache.Close(ctx); err != nil {
		return abi.Errorf(abi.Trap, "wasm: %w", err)
	}
	return nil
}
