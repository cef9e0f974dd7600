package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/store"
)

// newSandbox returns the runtime for modules. It keeps machine code in the
// user's cache directory; without one, plugins are compiled at each start.
func newSandbox(ctx context.Context, cfg *config.Config, st store.Store, logger *zerolog.Logger, raw io.Writer) (*wasm.Runtime, error) {
	c := wasm.Config{
		Logger: logger, KV: st, Env: os.LookupEnv, Values: st, Sessions: scriptSessions{st},
		RequireRights: !cfg.Store.MasterKeys, OrgOf: organisations(cfg), Raw: raw,
		Compiling: func(plugin string) func() { return tellIfSlow(logger, plugin) },
	}
	r, err := cachedSandbox(ctx, c)
	if err == nil {
		return r, nil
	}
	logger.Warn().Err(err).Msg("machine code is not kept: plugins are compiled at each start")
	if r, err = wasm.New(ctx, c); err != nil {
		return nil, fmt.Errorf("wasm: %w", err)
	}
	return r, nil
}

func cachedSandbox(ctx context.Context, c wasm.Config) (*wasm.Runtime, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	c.CacheDir = filepath.Join(dir, "sallyport", "wasm")
	return wasm.New(ctx, c)
}

// slowCompilation is how long a compilation goes without comment.
const slowCompilation = time.Second

// tellIfSlow says that a compilation takes its time, if it does, until done is
// called.
func tellIfSlow(logger *zerolog.Logger, plugin string) (done func()) {
	t := time.AfterFunc(slowCompilation, func() {
		logger.Info().Str("plugin", plugin).Msg("compiling: the next start is faster")
	})
	return func() { t.Stop() }
}
