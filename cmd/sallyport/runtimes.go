package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
	"github.com/c386954a/sallyport/runtime/jsvm"
	"github.com/c386954a/sallyport/store"
)

// newRuntimes returns one runtime per isolation model. It is the one place
// that knows all of them. old are those that the new ones are to replace, and
// raw is for the lines of rawlog; nil sends them to the log.
func newRuntimes(
	ctx context.Context, cfg *config.Config, st store.Store, logger *zerolog.Logger, raw io.Writer, old map[string]abi.Runtime,
) (map[string]abi.Runtime, error) {
	modules, err := newSandbox(ctx, cfg, st, logger, raw)
	if err != nil {
		return nil, err
	}
	runtimes := map[string]abi.Runtime{
		config.Builtin: builtin.New(builtin.Config{
			Store: st, Dialects: map[string]*abi.Dialect{"tyk": dialect.New()},
		}),
		config.Wasm: modules,
		config.JSVM: jsvm.New(jsvm.Config{
			Logger: logger, Raw: raw, Sessions: scriptSessions{st}, Values: scriptKV{st},
			RequireRights: !cfg.Store.MasterKeys, OrgOf: organisations(cfg),
		}),
	}
	if cfg.Coproc != nil {
		process := coprocConfig(cfg.Coproc, logger)
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

// pluginKV gives the values of a store to the sandbox, which asks for no more
// than the value.
type pluginKV struct{ store.KV }

// Get returns the value of key.
func (kv pluginKV) Get(deadline time.Time, key []byte) (value []byte, ok bool, err error) {
	item, ok, err := kv.KV.Get(deadline, key)
	return item.Value, ok, err
}

// scriptKV gives the values of a store to scripts, which ask for the time they
// expire as well.
type scriptKV struct{ store.KV }

// Get returns the value of key and its end.
func (kv scriptKV) Get(deadline time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error) {
	item, ok, err := kv.KV.Get(deadline, key)
	return item.Value, item.Expires, ok, err
}

func coprocConfig(c *config.Coproc, logger *zerolog.Logger) coproc.Config {
	out := coproc.Config{
		Logger: logger, Version: version(),
		Dir: c.Dir.Value, StartTimeout: c.StartTimeout, Sandbox: sandboxConfig(c.Sandbox),
		MaxInFlight: c.MaxInFlight, MaxMessage: int(c.MaxMessage),
	}
	for _, word := range c.Command {
		out.Command = append(out.Command, word.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		out.Env = append(out.Env, name+"="+c.Env[name])
	}
	return out
}

// sandboxConfig returns nil for a process that is not to be confined.
func sandboxConfig(s *config.Sandbox) *sandbox.Config {
	if s == nil {
		return nil
	}
	return &sandbox.Config{
		User: s.User, Memory: s.Memory, Files: s.Files, Processes: s.Processes,
		Read: absolute(s.Read), Write: absolute(s.Write), Exec: absolute(s.Exec),
		TCP: s.TCP, UDP: s.UDP, Unix: s.Unix, Cgroup: s.Cgroup, Required: s.Required,
	}
}

// absolute returns paths that do not depend on the working folder, which the
// process has its own of.
func absolute(paths []config.Text) []string {
	var all []string
	for _, p := range paths {
		if path, err := filepath.Abs(p.Value); err == nil {
			all = append(all, path)
		}
	}
	return all
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
