package faults

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/c386954a/sallyport/internal/procstat"
)

// Times of an observation.
const (
	calm         = 150 * time.Millisecond // of traffic before the attack, and after it
	warmPatience = 20 * time.Second
	backPace     = 5 * time.Millisecond
)

// Subject is a running gateway with a [Fragment] in its configuration.
type Subject struct {
	URL string
	PID int // of its process, for memory and processor time

	// Logged returns how many bytes of log it has written; nil is not known.
	Logged func() int64

	// Died returns how it ended, or nothing as long as it runs; nil is never.
	Died func() string
}

// Observe sets a fault off in a running gateway, among harmless traffic, and
// returns the measured and judged cell. An error is that of ctx, or says that
// the gateway did not answer before the attack.
func (s *Stage) Observe(ctx context.Context, gateway Subject, m Model, f Scenario) (*Cell, error) {
	start := time.Now()
	if gateway.Logged == nil {
		gateway.Logged = func() int64 { return 0 }
	}
	if gateway.Died == nil {
		gateway.Died = func() string { return "" }
	}
	o := &observation{cell: newCell(m, f), stage: s, gateway: gateway, model: m, fault: f, client: newClient()}
	defer o.client.CloseIdleConnections()
	err := o.observe(ctx)
	if o.cell.Died = gateway.Died(); o.cell.Died != "" && ctx.Err() == nil {
		err = nil // that is the result
	}
	o.cell.Took = millis(time.Since(start))
	o.cell.Judge()
	return o.cell, err
}

// newCell returns a cell that nothing has been measured of.
func newCell(m Model, f Scenario) *Cell {
	c := &Cell{
		Model: m.ID, Fault: f.ID, Does: f.Explain(m.ID), Timeout: millis(Timeout),
		Memory: MemoryUse{Limit: memoryLimit},
	}
	if m.runtime == "coproc" {
		c.Memory.Limit, c.ProcessLimit = processLimit, forkLimit
	}
	return c
}

// newClient returns a client with connections of its own.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
}

// observation fills in one cell.
type observation struct {
	cell    *Cell
	stage   *Stage
	gateway Subject
	model   Model
	fault   Scenario
	client  *http.Client
	meter   *meter
}

// observe measures the calm, the attack and what comes after it.
func (o *observation) observe(ctx context.Context) error {
	if err := o.warm(ctx); err != nil {
		return err
	}
	o.meter = watch(o.gateway.PID)
	defer o.meter.close()
	people := gather(ctx, o.client, o.gateway.URL, o.model, o.fault)
	err := o.attack(ctx)
	o.cell.Neighbours = people.disperse()
	return err
}

// warm waits until every API answers.
func (o *observation) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, warmPatience)
	defer cancel()
	for _, path := range []string{Path(o.model, o.fault), otherPath(o.model, o.fault), modelPath(o.model), nativePath} {
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
		if got = ask(ctx, o.client, o.gateway.URL+path); got == "" {
			return ""
		}
		if !pause(ctx, backPace) || o.gateway.Died() != "" {
			return got
		}
	}
}

func (o *observation) attack(ctx context.Context) error {
	idle := o.rate(ctx)
	before := o.meter.take()
	logged := o.gateway.Logged()
	strike, err := o.stage.Strike(ctx, o.client, o.gateway.URL, o.model, o.fault)
	o.cell.Got = *strike
	o.cell.Logged = o.gateway.Logged() - logged
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
		more := max(0, busy-idle)
		o.cell.Busy = &more
		o.cell.Processes = &peak.processes
	}
	return ctx.Err()
}

// rate returns how many processors are at work for a while.
func (o *observation) rate(ctx context.Context) float64 {
	pid := o.gateway.PID
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

func (o *observation) memory(before, peak consumption) {
	if !before.ok || !peak.ok {
		return
	}
	m := &o.cell.Memory
	own, others := peak.own-before.own, peak.others
	m.Peak, m.Plugin = &own, &others
	if now := usageOf(o.gateway.PID); now.ok {
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

// consumption is what a process and those it has started use at a moment.
type consumption struct {
	own       int64 // bytes resident in the process
	others    int64 // and in those it has started
	processes int   // that it has started
	cpu       time.Duration
	ok        bool // false if the system does not tell
}

const meterPace = 10 * time.Millisecond

// meter watches a process.
type meter struct {
	pid  int
	stop chan struct{}
	done sync.WaitGroup

	mu sync.Mutex
	// mu protects the field below: the most of each figure.
	peak consumption
}

// watch looks at a process and what it starts, again and again until the meter is closed.
func watch(pid int) *meter {
	m := &meter{pid: pid, stop: make(chan struct{})}
	m.look()
	m.done.Go(func() {
		pace := time.NewTicker(meterPace)
		defer pace.Stop()
		for {
			select {
			case <-m.stop:
				return
			case <-pace.C:
				m.look()
			}
		}
	})
	return m
}

func (m *meter) look() {
	now := usageOf(m.pid)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peak = consumption{
		max(m.peak.own, now.own), max(m.peak.others, now.others), max(m.peak.processes, now.processes),
		max(m.peak.cpu, now.cpu), m.peak.ok || now.ok,
	}
}

// usageOf reads all figures. A process that has ended uses nothing.
func usageOf(pid int) consumption {
	u := consumption{}
	u.own, _ = procstat.Resident(pid)
	u.cpu, _ = procstat.CPU(pid)
	u.ok = u.own > 0
	for _, child := range procstat.Descendants(pid) {
		memory, _ := procstat.Resident(child)
		cpu, _ := procstat.CPU(child)
		u.others += memory
		u.cpu += cpu
		u.processes++
	}
	return u
}

// take returns the most of each figure since the last take.
func (m *meter) take() consumption {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.peak
	m.peak = consumption{}
	return p
}

// close ends the watching and waits for it.
func (m *meter) close() {
	close(m.stop)
	m.done.Wait()
}
