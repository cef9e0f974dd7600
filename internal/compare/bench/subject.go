package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench/load"
	"github.com/c386954a/sallyport/internal/procstat"
)

// subject is a row with its running gateway and what has been measured of it.
type subject struct {
	*row
	gateway *childProcess
	process int // the external one; 0 if there is none

	load, coldStart time.Duration

	gatewayCPU, pluginCPU []float64 // nanoseconds per request, of each slice
	rates                 []float64 // requests a second, of each slice

	aloneP50      float64
	allocs, bytes float64
	paces         [len(percents)]pace
	end           State
	memory        int64 // bytes resident in the gateway
	external      int64 // and in the external process
}

// subject starts the gateway of a row and checks that its plugin works.
func (s *session) subject(ctx context.Context, r *row) (*subject, error) {
	path := filepath.Join(s.dir, strings.NewReplacer(" ", "-", ",", "").Replace(r.Name))
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // external processes may run as another user
		return nil, err
	}
	args, err := s.arguments(r, folder{path, s.options.Program})
	if err != nil {
		return nil, err
	}
	x := &subject{row: r}
	if err := x.start(ctx, s, path, args); err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

// arguments are those with which the program serves the row.
func (s *session) arguments(r *row, d folder) ([]string, error) {
	if r.forward {
		return Child(ChildForwarder, s.upstream.Address), nil
	}
	file, err := r.configuration(d, s.hook, s.upstream.Address, s.options.Chain)
	return Child(ChildGateway, file), err
}

// start starts the gateway, twice where the first start compiles.
func (x *subject) start(ctx context.Context, s *session, cache string, args []string) (err error) {
	program := s.options.Program
	if x.compiles() {
		first, err := spawn(program, cache, args...)
		if err != nil {
			return err
		}
		x.load = first.Load
		if err := first.close(); err != nil {
			return err
		}
	}
	if x.gateway, err = spawn(program, cache, args...); err != nil {
		return err
	}
	if !x.compiles() {
		x.load = x.gateway.Load
	}
	if _, err := ask(ctx, x.gateway.Address, s.hook.request, ""); err != nil {
		return err
	}
	x.coldStart = time.Since(x.gateway.started)
	if err := x.check(ctx, x.gateway.Address, s.hook); err != nil {
		return fmt.Errorf("the plugin does not do its work: %w", err)
	}
	state, err := x.gateway.state()
	x.process = state.Process
	return err
}

// cpu returns the time that gateway and external process have run.
func (x *subject) cpu() (gateway, plugin time.Duration, err error) {
	if gateway, err = x.gateway.cpu(); err != nil {
		return 0, 0, err
	}
	if x.process != 0 {
		plugin, err = procstat.CPU(x.process)
	}
	return gateway, plugin, err
}

// dial opens connections and warms them up.
func (x *subject) dial(ctx context.Context, h *Workload, n int) (*load.Client, error) {
	c, err := load.Dial(ctx, x.gateway.Address, n)
	if err != nil {
		return nil, x.failed(err)
	}
	if err := c.Warm(ctx, h.load(), 1); err != nil {
		return nil, x.failed(errors.Join(err, c.Close()))
	}
	return c, nil
}

// failed adds the row to an error, and what the gateway has said.
func (x *subject) failed(err error) error {
	return fmt.Errorf("%s: %w%s", x.Name, err, x.gateway.stderr.Below())
}

func (x *subject) close() error {
	if x.gateway == nil {
		return nil
	}
	return x.gateway.close()
}

// inspect asks what is known at the end only, and makes sure that no request
// of the measurement was answered by a fault.
func (s *session) inspect() (err error) {
	for _, x := range s.subjects {
		if x.end, err = x.gateway.state(); err != nil {
			return x.failed(err)
		}
		for kind, n := range x.end.Faults {
			return x.failed(fmt.Errorf("%d faults of kind %s while it was measured", n, kind))
		}
		if x.memory, err = memoryOf(x.gateway.pid); err != nil {
			return x.failed(err)
		}
		if x.process == 0 {
			continue
		}
		if x.end.Process != x.process {
			return x.failed(errors.New("the external process was restarted while it was measured"))
		}
		if x.external, err = memoryOf(x.process); err != nil {
			return x.failed(err)
		}
	}
	return nil
}

// memoryOf is nothing where the system does not tell.
func memoryOf(pid int) (int64, error) {
	m, err := procstat.Resident(pid)
	if errors.Is(err, procstat.ErrUnsupported) {
		return m, nil
	}
	return m, err
}
