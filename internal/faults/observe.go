package faults

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Times of an observation.
const (
	calm         = 150 * time.Millisecond // of traffic before the attack, and after it
	warmPatience = 20 * time.Second
	backPace     = 5 * time.Millisecond
)

// observation fills in one cell.
type observation struct {
	cell    *Cell
	stage   *Stage
	gateway *child
	model   Model
	fault   Fault
	client  *http.Client
	meter   *meter
}

// observe measures the calm, the attack and what comes after it.
func (o *observation) observe(ctx context.Context) error {
	if err := o.warm(ctx); err != nil {
		return err
	}
	o.meter = watch(o.gateway.cmd.Process.Pid)
	defer o.meter.close()
	people := gather(ctx, o.client, o.gateway.url, Path(o.model, o.fault))
	err := o.attack(ctx)
	o.cell.Neighbours = people.disperse()
	return err
}

// warm waits until every API answers.
func (o *observation) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, warmPatience)
	defer cancel()
	for _, path := range []string{Path(o.model, o.fault), pathPlugin, pathModel, pathOther} {
		if got := o.until(ctx, path); got != "" {
			return errors.New(path + " does not answer before the attack: " + got)
		}
	}
	return nil
}

// until asks until there is a 200, or ctx ends; then it returns the last
// answer.
func (o *observation) until(ctx context.Context, path string) (got string) {
	for {
		if got = ask(ctx, o.client, o.gateway.url+path); got == "" {
			return ""
		}
		if !pause(ctx, backPace) || o.gateway.died() != "" {
			return got
		}
	}
}

func (o *observation) attack(ctx context.Context) error {
	idle := o.rate(ctx)
	before := o.meter.take()
	logged := o.gateway.logs.count.Load()
	strike, err := o.stage.Strike(ctx, o.client, o.gateway.url, o.model, o.fault)
	o.cell.Got = *strike
	o.cell.Logged = o.gateway.logs.count.Load() - logged
	if err != nil {
		return err
	}
	var asking sync.WaitGroup
	asking.Go(func() { o.back(ctx, time.Now()) })
	busy := o.rate(ctx)
	asking.Wait()
	peak := o.meter.take()
	o.memory(before, peak)
	if before.ok && peak.ok {
		more := busy - idle
		o.cell.Busy = &more
		o.cell.Processes = &peak.processes
	}
	return ctx.Err()
}

// rate returns how many processors are at work for a while.
func (o *observation) rate(ctx context.Context) float64 {
	pid := o.gateway.cmd.Process.Pid
	from, start := usageOf(pid).cpu, time.Now()
	pause(ctx, calm)
	// A process that was replaced takes its time along.
	return max(0, float64(usageOf(pid).cpu-from)/float64(time.Since(start)))
}

// back waits until the attacked API serves again.
func (o *observation) back(ctx context.Context, since time.Time) {
	ctx, cancel := context.WithTimeout(ctx, backPatience)
	defer cancel()
	if o.until(ctx, Path(o.model, o.fault)) == "" {
		took := millis(time.Since(since))
		o.cell.Back = &took
	}
}

func (o *observation) memory(before, peak usage) {
	if !before.ok || !peak.ok {
		return
	}
	m := &o.cell.Memory
	own, others := peak.own-before.own, peak.others
	m.Peak, m.Plugin = &own, &others
	if now := usageOf(o.gateway.cmd.Process.Pid); now.ok {
		after := now.own - before.own
		m.After = &after
	}
}

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
