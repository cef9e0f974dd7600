package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// newRuntimes returns one runtime per isolation model. It is the one place
// that knows all of them. old are those that the new ones are to replace.
func newRuntimes(
	ctx context.Context, cfg *config.Config, o Options, old map[string]abi.Runtime,
) (map[string]abi.Runtime, error) {
	modules, err := newWasm(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	runtimes := map[string]abi.Runtime{
		config.Builtin: builtin.New(builtin.Config{
			Store: o.Store, Dialects: map[string]*abi.Dialect{"tyk": dialect.New()},
		}),
		config.Wasm: modules,
		config.JSVM: jsvm.New(jsvm.Config{
			Logger: o.Logger, Raw: o.Raw, Sessions: scriptSessions{o.Store}, Values: o.Store,
			RequireRights: !cfg.Store.MasterKeys, OrgOf: organisations(cfg),
		}),
	}
	if o.Builtin != nil {
		runtimes[config.Builtin] = o.Builtin(runtimes[config.Builtin])
	}
	if cfg.Coproc != nil {
		process := processConfig(cfg.Coproc, o.Logger)
		if cfg.Coproc.StopStart {
			process.After, _ = old[config.Process].(*coproc.Runtime)
		}
		runtimes[config.Process] = coproc.New(process)
	}
	return runtimes, nil
}

// organisations returns what finds the organisation of an API by its id.
func organisations(cfg *config.Config) func(apiID string) string {
	orgs := make(map[string]string, len(cfg.APIs))
	for _, a := range cfg.APIs {
		orgs[a.ID] = a.OrgID
	}
	return func(apiID string) string { return orgs[apiID] }
}

// closeRuntimes closes all of them and joins what went wrong.
func closeRuntimes(ctx context.Context, runtimes map[string]abi.Runtime) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(runtimes)) {
		if err := runtimes[name].Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
