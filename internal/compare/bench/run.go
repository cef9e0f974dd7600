package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// Run measures. Rows that cannot be measured are listed in the result with the
// reason; an error is what kept all of them from it, or the end of ctx. All
// processes have ended and all files are gone when it returns.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	started := time.Now()
	r := &Result{
		Schema: Schema, Version: o.Version, Started: started.UTC().Truncate(time.Second), Machine: describe(ctx),
		Options: Settings{
			Rows: o.Rows, Duration: o.Duration.Seconds(), Rounds: o.Rounds, Slice: o.slice().Seconds(),
			Pace:  o.paceTime().Seconds(),
			Chain: o.Chain, Concurrency: o.Concurrency,
		},
		Warnings: []string{}, Rows: []Row{}, Skipped: []Skipped{}, Noise: []Noise{},
	}
	p := &progress{out: o.Progress, started: started, total: o.plan()}
	for _, name := range o.Hooks {
		h, _ := hookNamed(name)
		r.Hooks = append(r.Hooks, h)
		if err := runHook(ctx, &o, &h, r, p); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx) // whatever it broke
			}
			return nil, err
		}
	}
	r.Took = round(time.Since(started).Seconds(), 1)
	r.warn()
	return r, nil
}

// session is the measurement of one hook: processes and what they have shown.
type session struct {
	options  *Options
	hook     *Workload
	dir      string
	upstream *childProcess
	subjects []*subject
	progress *progress
}

// runHook measures the rows of one hook.
func runHook(ctx context.Context, o *Options, h *Workload, r *Result, p *progress) (err error) {
	s := &session{options: o, hook: h, progress: p}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(); err != nil {
		return err
	}
	if err := s.start(ctx, r); err != nil {
		return err
	}
	for _, stage := range []func(context.Context) error{s.rounds, s.alone, s.paces} {
		if err := stage(ctx); err != nil {
			return err
		}
	}
	if err := s.inspect(); err != nil {
		return err
	}
	s.report(r)
	return nil
}

// open makes the folder and starts the upstream.
func (s *session) open() (err error) {
	if s.dir, err = folderOf(); err != nil {
		return err
	}
	s.upstream, err = spawn(s.options.Program, s.dir, Child(ChildUpstream)...)
	return err
}

// start starts the gateways of all rows, one after the other: idle ones cost
// nothing, and none is measured while another one starts.
func (s *session) start(ctx context.Context, r *Result) error {
	for _, row := range s.options.selected() {
		if why := row.missing(); why != "" {
			r.Skipped = append(r.Skipped, Skipped{Hook: s.hook.Name, Name: row.Name, Reason: why})
			continue
		}
		x, err := s.subject(ctx, row)
		s.progress.step(fmt.Sprintf("%s: started %s", s.hook.Name, row.Name), startTime(row))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && row.always() {
			return fmt.Errorf("%s: %w", row.Name, err)
		}
		if err != nil {
			r.Skipped = append(r.Skipped, Skipped{Hook: s.hook.Name, Name: row.Name, Reason: err.Error(), Failed: true})
			continue
		}
		s.subjects = append(s.subjects, x)
	}
	return nil
}

// shuffled returns the subjects in a new order.
func (s *session) shuffled() []*subject {
	out := make([]*subject, len(s.subjects))
	for i, j := range rand.Perm(len(out)) { //nolint:gosec // no secret
		out[i] = s.subjects[j]
	}
	return out
}

// bare is the gateway without a plugin.
func (s *session) bare() *subject { return s.subjects[0] }

// close ends all processes and removes the folder.
func (s *session) close() error {
	var errs []error
	for _, x := range s.subjects {
		errs = append(errs, x.close())
	}
	if s.upstream != nil {
		errs = append(errs, s.upstream.close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// percents are the rates of the open loop.
var percents = [...]int{10, 50, 80}

// startTime is about what starting a row takes.
func startTime(r *row) time.Duration {
	if r.compiles() {
		return time.Second
	}
	return 300 * time.Millisecond
}

// plan adds up what a run takes, waiting for processes aside.
func (o *Options) plan() (total time.Duration) {
	for _, r := range o.selected() {
		total += startTime(r) + o.Duration + o.aloneTime()
		total += 2 * time.Duration(len(percents)) * o.paceTime() // the gateway without a plugin takes turns
	}
	return total * time.Duration(len(o.Hooks))
}
