package app

import (
	"context"
	"errors"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/store"
)

// Check loads everything that a configuration names, as a gateway would, and
// lets go of it again. It returns what was wrong, or, if nothing was, the
// warnings.
func Check(ctx context.Context, cfg *config.Config) config.Problems {
	var warnings config.Problems
	a, err := New(ctx, cfg, Options{})
	if err == nil {
		warnings = a.Generation().warnings
		err = a.Close(ctx)
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return problems
	}
	if err != nil {
		return config.Problems{cfg.Problemf(config.Pos{File: cfg.File}, "", "%v", err)}
	}
	return warnings
}

// TryLoad loads one plugin as a gateway would, with an empty store, and closes
// it again. runtime is its name in the configuration. If the plugin does not
// load, refused says why; err reports that the load could not be attempted.
func TryLoad(ctx context.Context, runtime string, spec abi.Spec) (d abi.Declaration, refused, err error) {
	st, err := store.Open("memory:")
	if err != nil {
		return d, nil, err
	}
	runtimes, err := newRuntimes(ctx, &config.Config{}, Options{Store: st}.complete(), nil)
	if err != nil {
		return d, nil, errors.Join(err, st.Close())
	}
	defer func() { err = errors.Join(err, closeRuntimes(context.WithoutCancel(ctx), runtimes), st.Close()) }()
	p, err := runtimes[runtime].Load(ctx, spec)
	if ctx.Err() != nil {
		return d, nil, ctx.Err()
	}
	if err != nil {
		return d, cause(err), nil
	}
	return p.Declares(), nil, p.Close(ctx)
}
