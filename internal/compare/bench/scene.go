package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/compare/bench/load"
)

// Loops is what requests get while others send the plugin of the same API into
// an endless loop. Times are in microseconds.
type Loops struct {
	Rate      float64 `json:"rate"`
	Deadline  float64 `json:"deadline_ms"`
	Looped    int     `json:"looped"`
	LoopedP50 float64 `json:"looped_p50_us"`
	Others    int     `json:"others"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	Late      int     `json:"late"`
}

// The load of the loops.
const (
	loopRate        = 1000
	loopEvery       = 100
	loopConnections = 64
	loopDeadline    = 20 * time.Millisecond // of the plugin
)

// measureLoops sends 1 % of the requests into an endless loop.
func measureLoops(ctx context.Context, o *Options) (*Loops, error) {
	var r *load.Summary
	err := scene(ctx, o, loopConfiguration, func(gateway *childProcess) error {
		c, err := load.Dial(ctx, gateway.Address, loopConnections)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		if err := c.Warm(ctx, load.LoadRequest{Raw: get, Status: http.StatusOK}, 5); err != nil {
			return err
		}
		looping := bytes.Replace(get, []byte("\r\n"), []byte("\r\nX-Loop: 1\r\n"), 1)
		r, err = c.Paced(ctx, load.LoadRequest{Raw: get, Status: http.StatusOK}, load.Pace{
			Rate: loopRate, Duration: max(o.Duration, 2*time.Second), Every: loopEvery,
			Other: load.LoadRequest{Raw: looping, Status: http.StatusGatewayTimeout},
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("loops: %w", err)
	}
	return &Loops{
		Rate: loopRate, Deadline: float64(loopDeadline.Milliseconds()), Late: r.Late,
		Looped: int(r.Other.TotalCount()), LoopedP50: quantile(r.Other, 50),
		Others: int(r.Latency.TotalCount()), P50: quantile(r.Latency, 50), P99: quantile(r.Latency, 99),
	}, nil
}

// loopConfiguration has a plugin that loops for requests that ask for it.
func loopConfiguration(d folder, upstream string) (string, error) {
	entry, err := module(guest.C, "fresh")(d, nil)
	if err != nil {
		return "", err
	}
	return d.write("sallyport.yaml", fmt.Appendf(nil,
		"version: 1\nlisten: \"127.0.0.1:0\"\ndefaults: { timeout: %v }\nplugins: { loop: %s }\n"+
			"apis: [{ name: bench, match: { path: / }, upstream: { url: %s }, hooks: { post_key_auth: [loop] } }]\n",
		loopDeadline, entry, quote("http://"+upstream)))
}

// measureIdle returns the resident memory, in MiB, of a gateway with three
// plugins that has answered one request.
func measureIdle(ctx context.Context, o *Options) (mib float64, err error) {
	err = scene(ctx, o, idleConfiguration, func(gateway *childProcess) error {
		if _, err := ask(ctx, gateway.Address, get, ""); err != nil {
			return err
		}
		m, err := memoryOf(gateway.pid)
		mib = round(float64(m)/(1<<20), 1)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("idle gateway: %w", err)
	}
	return mib, nil
}

// idleConfiguration has a plugin in C, one in Go and a script.
func idleConfiguration(d folder, upstream string) (string, error) {
	h, _ := hookNamed("headers")
	var b strings.Builder
	b.WriteString("version: 1\nlisten: \"127.0.0.1:0\"\nplugins:\n")
	for name, plugin := range map[string]func(folder, *Workload) (string, error){
		"c": module(guest.C, "fresh"), "go": module(guest.Go, "fresh"), "js": ottoScript(""),
	} {
		entry, err := plugin(d, &h)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "  %s: %s\n", name, entry)
	}
	fmt.Fprintf(&b, "apis: [{ name: bench, match: { path: / }, upstream: { url: %s }, hooks: { pre: [c, go, js] } }]\n",
		quote("http://"+upstream))
	return d.write("sallyport.yaml", []byte(b.String()))
}

// scene starts an upstream and a gateway, the second time it is started: then
// its machine code is kept. It ends both.
func scene(ctx context.Context, o *Options, configure func(folder, string) (string, error),
	play func(*childProcess) error,
) (err error) {
	s := &session{options: o}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(); err != nil {
		return err
	}
	file, err := configure(folder{s.dir, o.Program}, s.upstream.Address)
	if err != nil {
		return err
	}
	for i := range 2 {
		gateway, err := spawn(o.Program, s.dir, Child(ChildGateway, file)...)
		if err != nil {
			return err
		}
		if i == 1 {
			err = play(gateway)
		}
		if err := errors.Join(err, gateway.close()); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
	}
	return nil
}

// folderOf makes the folder of a run.
func folderOf() (string, error) {
	dir, err := os.MkdirTemp("", "sallyport-bench-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) //nolint:gosec // external processes may run as another user
}
