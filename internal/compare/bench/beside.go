package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/c386954a/sallyport/internal/compare/bench/load"
	"github.com/c386954a/sallyport/internal/compare/peers"
	"github.com/c386954a/sallyport/internal/procstat"
)

// besideRows are the rows of this gateway that are measured beside others.
var besideRows = []string{"fasthttp forwarder", rowBare, rowFloor, "wasm c pooled", "wasm c fresh", "wasm go fresh"}

// Beside is the header hook in this gateway beside other gateways: the same
// upstream, the same client, slices in turns.
type Beside struct {
	Schema      int         `json:"schema"`
	Version     string      `json:"version"`
	Machine     Machine     `json:"machine"`
	Duration    float64     `json:"duration_s"`
	Rounds      int         `json:"rounds"`
	Concurrency []int       `json:"concurrency"`
	Peers       []string    `json:"peers"`   // what they say of themselves
	Missing     []string    `json:"missing"` // what is not installed
	Rows        []BesideRow `json:"rows"`
	Took        float64     `json:"took_s"`
}

// BesideRow is one gateway at one number of connections. CPU times are in
// microseconds for each request, of all its processes; latencies are at half of
// its own rate.
type BesideRow struct {
	Connections int     `json:"connections"`
	Name        string  `json:"name"`
	CPU         float64 `json:"cpu_us_per_request"`
	CPUDev      float64 `json:"cpu_us_deviation"`
	Added       float64 `json:"added_cpu_us"` // to the same gateway without the hook
	Rate        float64 `json:"rps"`
	P50         float64 `json:"p50_us"`
	P99         float64 `json:"p99_us"`
	Ratio       float64 `json:"cpu_ratio_to_nginx_lua"` // 0 without nginx
}

// nginxLua is the row that others are compared with.
const nginxLua = "nginx + Lua"

// contender is one gateway in the comparison.
type contender struct {
	name, plain string
	address     string
	processes   func() []int

	cpu, rates []float64 // of the slices at one number of connections
	latency    *hdrhistogram.Histogram
}

// RunBeside measures. Of o it uses Duration, Rounds, Program, Version and
// Progress. Everything it starts has ended when it returns.
func RunBeside(ctx context.Context, o Options, concurrency []int) (r *Beside, err error) {
	o.Rows = besideRows
	if err := o.Validate(); err != nil {
		return nil, err
	}
	started := time.Now()
	hook, _ := hookNamed("headers")
	s := &session{options: &o, hook: &hook, progress: &progress{out: o.Progress, started: started}}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(); err != nil {
		return nil, err
	}
	r = &Beside{
		Schema: Schema, Version: o.Version, Machine: describe(ctx), Duration: o.Duration.Seconds(), Rounds: o.Rounds,
		Concurrency: concurrency,
	}
	running, missing, err := peers.Start(ctx, peers.Config{Upstream: s.upstream.Address, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.Close())
		}
	}()
	all, err := s.contenders(ctx, running)
	if err != nil {
		return nil, err
	}
	r.Missing = append([]string{}, missing...)
	for _, p := range running {
		r.Peers = append(r.Peers, p.Version)
	}
	for _, n := range concurrency {
		if err := s.beside(ctx, r, all, n); err != nil {
			return nil, err
		}
	}
	r.Took = round(time.Since(started).Seconds(), 1)
	return r, nil
}

// contenders starts this gateway's rows and lists all of them.
func (s *session) contenders(ctx context.Context, running []*peers.RunningPeer) (all []*contender, err error) {
	for _, row := range s.options.selected() {
		if row.Name == rowTwin {
			continue
		}
		x, err := s.subject(ctx, row)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row.Name, err)
		}
		s.subjects = append(s.subjects, x)
		plain := rowBare
		if row.forward {
			plain = row.Name
		}
		all = append(all, &contender{
			name: row.Name, plain: plain, address: x.gateway.Address, processes: func() []int { return []int{x.gateway.pid} },
		})
	}
	for _, p := range running {
		for _, row := range p.Rows {
			c := &contender{name: row.Name, plain: row.Plain, address: row.Addr, processes: p.Processes}
			if err := s.checkPeer(ctx, c); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// checkPeer makes sure that a peer's hook does what ours does, and that a peer
// without it does not.
func (s *session) checkPeer(ctx context.Context, c *contender) error {
	r := row{Name: c.name}
	if c.name != c.plain {
		r.plugin = func(folder, *Workload) (string, error) { return "", nil } // there is one: in the peer
	}
	if err := r.check(ctx, c.address, s.hook); err != nil {
		return fmt.Errorf("%s does not do the work of the hook: %w", c.name, err)
	}
	return nil
}

// beside measures all contenders at one number of connections.
func (s *session) beside(ctx context.Context, r *Beside, all []*contender, connections int) error {
	for _, c := range all {
		c.cpu, c.rates, c.latency = nil, nil, nil
	}
	for i := range s.options.Rounds + 1 {
		for _, j := range rand.Perm(len(all)) { //nolint:gosec // no secret
			if err := all[j].slice(ctx, s.hook, connections, s.options.slice()); err != nil {
				return err
			}
			if i == 0 { // pools fill, heaps find their size
				all[j].cpu, all[j].rates = nil, nil
			}
		}
		s.progress.said("%d connections: round %d of %d", connections, i, s.options.Rounds)
	}
	for _, c := range all {
		s.progress.said("%d connections: latency of %s", connections, c.name)
		if err := c.pace(ctx, s.hook, connections, s.options.paceTime()); err != nil {
			return err
		}
	}
	r.add(all, connections)
	return nil
}

// slice keeps the connections busy once.
func (c *contender) slice(ctx context.Context, h *Workload, connections int, d time.Duration) error {
	client, err := c.dial(ctx, h, connections)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	runtime.GC() // ours, not in the slice
	before, err := c.used()
	if err != nil {
		return err
	}
	result, err := client.Busy(ctx, h.load(), d)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	after, err := c.used()
	if err != nil {
		return err
	}
	c.cpu = append(c.cpu, float64(after-before)/float64(max(result.Requests, 1)))
	c.rates = append(c.rates, result.Rate())
	return nil
}

// pace measures latencies at half of the rate.
func (c *contender) pace(ctx context.Context, h *Workload, connections int, d time.Duration) error {
	client, err := c.dial(ctx, h, connections)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	result, err := client.Paced(ctx, h.load(), load.Pace{Rate: median(c.rates) / 2, Duration: d})
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.latency = result.Latency
	return nil
}

func (c *contender) dial(ctx context.Context, h *Workload, connections int) (*load.Client, error) {
	client, err := load.Dial(ctx, c.address, connections)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	if err := client.Warm(ctx, h.load(), 2); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", c.name, err), client.Close())
	}
	return client, nil
}

// used adds up the time that all its processes have run.
func (c *contender) used() (total time.Duration, err error) {
	for _, pid := range c.processes() {
		d, err := procstat.CPU(pid)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.name, err)
		}
		total += d
	}
	return total, nil
}

// add turns what was measured into rows.
func (b *Beside) add(all []*contender, connections int) {
	byName := map[string]*contender{}
	for _, c := range all {
		byName[c.name] = c
	}
	for _, c := range all {
		row := BesideRow{
			Connections: connections, Name: c.name, CPU: round(median(c.cpu)/1e3, 2), CPUDev: round(deviation(c.cpu)/1e3, 2),
			Rate: round(median(c.rates), 0),
			P50:  round(micros(c.latency.ValueAtQuantile(50)), 1), P99: round(micros(c.latency.ValueAtQuantile(99)), 1),
		}
		if plain := byName[c.plain]; plain != nil {
			row.Added = round(median(differences(c.cpu, plain.cpu))/1e3, 2)
		}
		if lua := byName[nginxLua]; lua != nil {
			row.Ratio = round(median(c.cpu)/median(lua.cpu), 2)
		}
		b.Rows = append(b.Rows, row)
	}
}

// Print writes the comparison as a person reads it on a terminal.
func (b *Beside) Print(out io.Writer) error {
	fmt.Fprintln(out, "Header hook: two header fields read, two set, one removed")
	for _, n := range b.Concurrency {
		fmt.Fprintf(out, "\n%d connections\n\n", n)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, named("ROW")+"\tCPU µs\t±\tADDED\tREQ/S\tp50 µs\tp99 µs\tCPU / nginx + Lua\t")
		for _, row := range b.Rows {
			if row.Connections != n {
				continue
			}
			fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%+.1f\t%.0f\t%.0f\t%.0f\t%s\t\n",
				named(row.Name), row.CPU, row.CPUDev, row.Added, row.Rate, row.P50, row.P99, ratio(row.Ratio))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	m := &b.Machine
	fmt.Fprintf(out, "\nmachine: %s/%s %s, %s, %d processors, %s, load %s; %s, sallyport %s\n",
		m.OS, m.Arch, m.Kernel, m.CPU, m.Processors, m.Memory, m.Load, m.Go, b.Version)
	fmt.Fprintf(out, "peers: %s\n", strings.Join(b.Peers, "; "))
	fmt.Fprintf(out, "method: one upstream, one client; %d rounds of slices in shuffled order, %.1f s for each row; CPU of all processes of a\n"+
		"        gateway, median ± median deviation; added: to the same gateway without the hook; latency at half of the row's own rate\n", b.Rounds, b.Duration)
	for _, what := range b.Missing {
		fmt.Fprintf(out, "not measured: %s\n", what)
	}
	return nil
}

func ratio(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}
