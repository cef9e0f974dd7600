package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// newWasm returns the runtime for WebAssembly modules. It keeps machine code in
// the user's cache directory; without one, plugins are compiled at each start.
func newWasm(ctx context.Context, cfg *config.Config, o Options) (*wasm.Runtime, error) {
	c := wasm.Config{
		Logger: o.Logger, Raw: o.Raw, Env: os.LookupEnv,
		KV: o.Store, Values: o.Store, Sessions: scriptSessions{o.Store},
		RequireRights: !cfg.Store.MasterKeys, OrgOf: organisations(cfg),
		Compiling: func(plugin string) func() { return tellIfSlow(o.Logger, plugin) },
	}
	r, err := newCachedWasm(ctx, c)
	if err == nil {
		return r, nil
	}
	o.Logger.Warn().Err(err).Msg("machine code is not kept: plugins are compiled at each start")
	if r, err = wasm.New(ctx, c); err != nil {
		return nil, fmt.Errorf("wasm: %w", err)
	}
	return r, nil
}

func newCachedWasm(ctx context.Context, c wasm.Config) (*wasm.Runtime, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	c.CacheDir = filepath.Join(dir, "sallyport", "wasm")
	return wasm.New(ctx, c)
}

// slowCompilation is how long a compilation goes on before it is logged.
const slowCompilation = time.Second

// tellIfSlow logs that a compilation takes its time, unless done is called
// before.
func tellIfSlow(logger *zerolog.Logger, plugin string) (done func()) {
	t := time.AfterFunc(slowCompilation, func() {
		logger.Info().Str("plugin", plugin).Msg("compiling: the next start is faster")
	})
	return func() { t.Stop() }
}
