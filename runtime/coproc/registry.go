package coproc

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// apiGeneration names one generation of an API.
type apiGeneration struct {
	id         string
	generation uint64
}

func keyOf(api *abi.API) apiGeneration { return apiGeneration{api.ID, api.Generation} }

func compareKeys(a, b apiGeneration) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.generation, b.generation))
}

func compareHooks(a, b *hookParams) int {
	return cmp.Or(cmp.Compare(a.HookType, b.HookType), cmp.Compare(a.HookName, b.HookName))
}

// The params of api/load and api/unload.
type (
	apiParams struct {
		APIID      string          `json:"api_id"`
		Generation uint64          `json:"generation"`
		OrgID      string          `json:"org_id,omitempty"`
		Hooks      []hookParams    `json:"hooks,omitempty"`
		ConfigData json.RawMessage `json:"config_data,omitempty"`
	}
	hookParams struct {
		HookType string          `json:"hook_type"`
		HookName string          `json:"hook_name"`
		Config   json.RawMessage `json:"config,omitempty"`
	}
)

// recognise checks that a new process declares what the loaded plugins were
// bound to.
func (r *Runtime) recognise(p *process) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for pl := range r.plugins {
		handlers, err := bind(p, pl.entry, pl.hooks)
		if err != nil {
			return fmt.Errorf("%w: %w", errChanged, err)
		}
		if !reflect.DeepEqual(handlers, pl.handlers) {
			return fmt.Errorf("%w: handler %q", errChanged, pl.entry)
		}
	}
	return nil
}

// loadAll tells a process about all APIs. One that it refuses is left out:
// its calls fail, those of the others do not.
func (r *Runtime) loadAll(ctx context.Context, p *process) error {
	for _, api := range r.apis() {
		err := r.loadAPI(ctx, p, api)
		if p.ending.Load() || ctx.Err() != nil {
			return err
		}
		if err != nil {
			r.cfg.Logger.Error().Err(err).Str("api", api.ID).Msg("plugin process refuses an API after its restart")
		}
	}
	return nil
}

// apis returns the APIs that bind a plugin, in a fixed order.
func (r *Runtime) apis() []*abi.API {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := make(map[apiGeneration]*abi.API)
	for pl := range r.plugins {
		for _, api := range pl.apis {
			known[keyOf(api)] = api
		}
	}
	var all []*abi.API
	for _, api := range known {
		all = append(all, api)
	}
	slices.SortFunc(all, func(a, b *abi.API) int { return compareKeys(keyOf(a), keyOf(b)) })
	return all
}

// loadAPI tells the process about one API and what it binds.
func (r *Runtime) loadAPI(ctx context.Context, p *process, api *abi.API) error {
	_, err := p.control(ctx, "api/load", apiParams{
		APIID:      api.ID,
		Generation: api.Generation,
		OrgID:      api.OrgID,
		Hooks:      r.bindings(keyOf(api)),
		ConfigData: api.Config,
	})
	if err != nil {
		return fmt.Errorf("api/load of %s: %w", api.ID, err)
	}
	return nil
}

// bindings lists what an API binds.
func (r *Runtime) bindings(key apiGeneration) []hookParams {
	r.mu.Lock()
	defer r.mu.Unlock()
	var hooks []hookParams
	for pl := range r.plugins {
		if !pl.serves(key) {
			continue
		}
		for h := range pl.hooks.All() {
			hooks = append(hooks, hookParams{h.String(), pl.entry, pl.config})
		}
	}
	slices.SortFunc(hooks, func(a, b hookParams) int { return compareHooks(&a, &b) })
	return hooks
}

func (r *Runtime) add(pl *plugin) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plugins[pl] = struct{}{}
	if r.reporter == nil || len(r.reporter.apis) == 0 { // one that no API binds is not asked
		r.reporter = pl
	}
}

// remove forgets a plugin and tells the process about the APIs that bind none
// any more.
func (r *Runtime) remove(ctx context.Context, pl *plugin) {
	r.mu.Lock()
	delete(r.plugins, pl)
	if r.reporter == pl {
		r.reporter = nil
		for other := range r.plugins {
			r.reporter = other
			break
		}
	}
	r.mu.Unlock()
	p := r.current.Load()
	if p == nil || p.ending.Load() {
		return
	}
	for _, api := range pl.apis {
		if len(r.bindings(keyOf(api))) > 0 {
			continue
		}
		params := apiParams{APIID: api.ID, Generation: api.Generation}
		if _, err := p.control(ctx, "api/unload", params); err != nil {
			p.log.Warn().Err(err).Str("api", api.ID).Msg("plugin process did not unload an API")
		}
	}
}

// reload tells the process once more about an API that it says it does not
// know.
func (r *Runtime) reload(p *process, api *abi.API, deadline time.Time) error {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	return r.loadAPI(ctx, p, api)
}
