// Package rig injects faults into a gateway of the same process, for the
// isolation lab: plugins that do harm, and servers that they may and may not
// reach.
package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/internal/config"
)

// Rig has plugins that do harm, each behind an API below /lab/. It implements
// [lab.Injector].
type Rig struct {
	arena  *faults.Arena
	stage  *faults.Stage
	models []faults.Model
	absent map[string]string // model → why it cannot be attacked here
	dir    string            // holds the configuration of all that
	remove func()            // removes the copy of the program, if there is one
	url    atomic.Pointer[string]
	pulses sync.WaitGroup
}

// attacked are those that the lab attacks.
func attacked() (models []faults.Model) {
	for _, m := range faults.Models() {
		if m.ID != faults.Bare { // a gateway has one external process
			models = append(models, m)
		}
	}
	return models
}

// What keeps a gateway from having a lab.
var (
	ErrNoAdmin = errors.New("--lab needs a listener for its page: add `admin: { listen: \"127.0.0.1:9901\" }` to the configuration")
	ErrTLS     = errors.New("--lab does not work with tls: it sends its requests as plain HTTP")
)

// Open gets everything ready that does harm to a gateway with a configuration.
// command is the external process, which must have the handlers of package
// attack. A gateway that runs another external process is attacked without it,
// because a gateway has one. The caller must call Close.
func Open(ctx context.Context, cfg *config.Config, command []string) (*Rig, error) {
	switch {
	case cfg.Admin == nil:
		return nil, ErrNoAdmin
	case cfg.TLS != nil:
		return nil, ErrTLS
	}
	noProcess := ""
	same := func(t config.Text, word string) bool { return t.Value == word }
	if cfg.Coproc != nil && !slices.EqualFunc(cfg.Coproc.Command, command, same) {
		noProcess = "this gateway runs an external process of its own"
	}
	return open(ctx, command, noProcess)
}

// open is Open without checks. noProcess says why the external process cannot
// be attacked; it is empty if it can.
func open(ctx context.Context, command []string, noProcess string) (r *Rig, err error) {
	r = &Rig{absent: map[string]string{}, remove: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.arena, err = faults.OpenArena(ctx); err != nil {
		return r, err
	}
	for _, m := range attacked() {
		if m.ID == faults.Process && noProcess != "" {
			r.absent[m.ID] = noProcess
			continue
		}
		r.models = append(r.models, m)
	}
	if noProcess == "" {
		if command, r.remove, err = faults.Reachable(command); err != nil {
			return r, err
		}
	}
	r.stage = &faults.Stage{Arena: r.arena, Command: command}
	r.dir, err = os.MkdirTemp("", "sallyport-lab-")
	return r, err
}

// Serve tells the rig where the gateway is, and keeps a little traffic going
// until ctx ends, so that there is something to see.
func (r *Rig) Serve(ctx context.Context, url string) {
	r.url.Store(&url)
	r.pulses.Go(func() { r.pulse(ctx, url) })
}

// Close ends the servers and removes the files. The ctx of Serve must have
// ended.
func (r *Rig) Close() error {
	r.pulses.Wait()
	var errs []error
	if r.arena != nil {
		errs = append(errs, r.arena.Close())
	}
	if r.remove != nil {
		r.remove()
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}

// Extend adds the attacks to a configuration. They are described as text, as
// the containment suite gives it to gateways in other processes, and what the
// text does not say gets the defaults of every configuration.
func (r *Rig) Extend(cfg *config.Config) error {
	part := r.stage.Fragment(r.models, faults.Faults())
	if err := part.Write(r.dir); err != nil {
		return err
	}
	more, err := config.Parse(filepath.Join(r.dir, "lab.yaml"), part.Text(""), nil)
	if err != nil {
		return err
	}
	return merge(cfg, more)
}

// merge adds plugins and APIs that no other may have.
func merge(cfg, more *config.Config) error {
	for _, p := range more.Plugins {
		if cfg.Plugin(p.Name) != nil {
			return fmt.Errorf("--lab: the plugin name %s is taken; names with lab- in front are those of the lab", p.Name)
		}
	}
	for _, a := range more.APIs {
		if slices.ContainsFunc(cfg.APIs, func(b *config.APIConfig) bool {
			return b.Name == a.Name || b.Match.Path == a.Match.Path && b.Match.Host == ""
		}) {
			return fmt.Errorf("--lab: the name or the path of api %s is taken; paths below /lab/ are those of the lab", a.Name)
		}
	}
	cfg.Plugins = append(cfg.Plugins, more.Plugins...)
	cfg.APIs = append(cfg.APIs, more.APIs...)
	if more.Coproc != nil {
		cfg.Coproc = more.Coproc
	}
	return nil
}

// Attacks implements [lab.Injector].
func (r *Rig) Attacks() (all []lab.Attack) {
	for _, f := range faults.Faults() {
		for _, m := range attacked() {
			all = append(all, lab.Attack{
				Model: m.ID, Fault: f.ID, Title: f.Title, About: f.Explain(m.ID),
				Missing: r.absent[m.ID],
			})
		}
	}
	return all
}

// Inject implements [lab.Injector].
func (r *Rig) Inject(ctx context.Context, model, fault string) (lab.InjectionOutcome, error) {
	m, isModel := faults.ModelByID(model)
	f, isFault := faults.FaultByID(fault)
	url := r.url.Load()
	here := slices.ContainsFunc(r.models, func(o faults.Model) bool { return o.ID == m.ID })
	if !isModel || !isFault || url == nil || !here {
		return lab.InjectionOutcome{}, lab.ErrUnknown
	}
	c, err := r.stage.Observe(ctx, faults.Subject{URL: *url, PID: os.Getpid()}, m, f)
	if err != nil {
		return lab.InjectionOutcome{}, err
	}
	return outcome(c), nil
}

// outcome says of a cell what the page shows.
func outcome(c *faults.Cell) lab.InjectionOutcome {
	o := lab.InjectionOutcome{
		Model: c.Model, Fault: c.Fault, Status: c.Got.Status, Body: c.Got.Body, Answered: c.Got.After,
		Verdict: string(c.Verdict), Reason: "What the plugin does: " + c.Does + " Why this verdict: " + c.Why + ".",
	}
	if c.Back != nil {
		o.Served = *c.Back
	}
	for _, n := range []faults.Neighbour{c.Neighbours.SameModel, c.Neighbours.OtherAPI} {
		o.Neighbours += n.Requests
		o.Failed += n.Failed
		o.Slowest = max(o.Slowest, n.Slowest)
	}
	return o
}

// pulsePace is the time between two harmless requests to the same API.
const pulsePace = 100 * time.Millisecond

// pulse sends harmless requests to an API of each model until ctx ends.
func (r *Rig) pulse(ctx context.Context, url string) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(pulsePace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, m := range r.models {
			touch(ctx, &client, url+faults.Path(m, faults.Faults()[0]))
		}
	}
}

// touch sends a request and does not care for its answer.
func touch(ctx context.Context, client *http.Client, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer lab.pulse")
	if answer, err := client.Do(req); err == nil {
		_ = answer.Body.Close()
	}
}
