package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/c386954a/sallyport/internal/compare/bench/load"
)

// rounds measures the closed loop: in each round a slice of every row, in a new
// order.
func (s *session) rounds(ctx context.Context) error {
	for _, x := range s.subjects { // pools fill, heaps find their size
		if _, err := s.slice(ctx, x); err != nil {
			return err
		}
	}
	for i := range s.options.Rounds {
		for _, x := range s.shuffled() {
			m, err := s.slice(ctx, x)
			if err != nil {
				return err
			}
			x.gatewayCPU = append(x.gatewayCPU, m.gateway)
			x.pluginCPU = append(x.pluginCPU, m.plugin)
			x.rates = append(x.rates, m.rate)
			s.progress.step(fmt.Sprintf("%s: round %d of %d", s.hook.Name, i+1, s.options.Rounds), s.options.slice())
		}
	}
	return nil
}

// measured is one slice: nanoseconds per request, and requests a second.
type measured struct{ gateway, plugin, rate float64 }

// slice keeps the connections of a row busy. Opening them is not measured.
func (s *session) slice(ctx context.Context, x *subject) (measured, error) {
	c, err := x.dial(ctx, s.hook, s.options.Concurrency)
	if err != nil {
		return measured{}, err
	}
	defer func() { _ = c.Close() }()
	runtime.GC() // ours, not in the slice
	gateway, plugin, err := x.cpu()
	if err != nil {
		return measured{}, x.failed(err)
	}
	r, err := c.Busy(ctx, s.hook.load(), s.options.slice())
	if err != nil {
		return measured{}, x.failed(err)
	}
	gatewayAfter, pluginAfter, err := x.cpu()
	if err != nil {
		return measured{}, x.failed(err)
	}
	n := float64(max(r.Requests, 1)) // a short slice may end before the first answer
	return measured{float64(gatewayAfter-gateway) / n, float64(pluginAfter-plugin) / n, r.Rate()}, nil
}

// alone sends one request at a time, and counts allocations between the first
// and the last.
func (s *session) alone(ctx context.Context) error {
	for _, x := range s.shuffled() {
		if err := s.aloneOf(ctx, x); err != nil {
			return x.failed(err)
		}
		s.progress.step(s.hook.Name+": one request at a time", s.options.aloneTime())
	}
	return nil
}

func (s *session) aloneOf(ctx context.Context, x *subject) error {
	c, err := x.dial(ctx, s.hook, 1)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Busy(ctx, s.hook.load(), s.options.aloneTime()/10); err != nil {
		return err
	}
	before, err := x.gateway.state()
	if err != nil {
		return err
	}
	r, err := c.Busy(ctx, s.hook.load(), s.options.aloneTime())
	if err != nil {
		return err
	}
	after, err := x.gateway.state()
	if err != nil {
		return err
	}
	n := float64(max(r.Requests, 1)) // a short slice may end before the first answer
	x.allocs, x.bytes = float64(after.Mallocs-before.Mallocs)/n, float64(after.Bytes-before.Bytes)/n
	x.aloneP50 = micros(r.Latency.ValueAtQuantile(50))
	return nil
}

// pace is the open loop at one rate: latencies of the row, and of the gateway
// without a plugin at that rate.
type pace struct {
	rate      float64
	row, bare *hdrhistogram.Histogram
	late      int
}

// paces measures the open loop, in passes through all rows in a new order. The
// gateway without a plugin takes turns with each row.
func (s *session) paces(ctx context.Context) error {
	passes := s.options.passes()
	d := s.options.paceTime() / time.Duration(passes)
	for range passes {
		for _, x := range s.shuffled() {
			for i, percent := range percents {
				if err := s.pace(ctx, x, &x.paces[i], percent, d); err != nil {
					return x.failed(err)
				}
				s.progress.step(fmt.Sprintf("%s: %d %% of the rate of %s", s.hook.Name, percent, x.Name), 2*d)
			}
		}
	}
	return nil
}

func (s *session) pace(ctx context.Context, x *subject, p *pace, percent int, d time.Duration) error {
	p.rate = median(x.rates) * float64(percent) / 100
	mine, err := s.paced(ctx, x, p.rate, d)
	if err != nil {
		return err
	}
	bare, err := s.paced(ctx, s.bare(), p.rate, d)
	if err != nil {
		return err
	}
	p.late += mine.Late
	if p.row == nil {
		p.row, p.bare = mine.Latency, bare.Latency
		return nil
	}
	p.row.Merge(mine.Latency)
	p.bare.Merge(bare.Latency)
	return nil
}

// paced sends requests at a rate.
func (s *session) paced(ctx context.Context, x *subject, rate float64, d time.Duration) (*load.Summary, error) {
	c, err := x.dial(ctx, s.hook, s.options.Concurrency)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	runtime.GC()
	return c.Paced(ctx, s.hook.load(), load.Pace{Rate: rate, Duration: d})
}

// micros makes microseconds of nanoseconds.
func micros[T int64 | float64](ns T) float64 { return float64(ns) / 1e3 }

// median returns the middle of the values, 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// deviation returns the median distance of the values from their median: half
// of them are nearer. Outliers do not move it.
func deviation(values []float64) float64 {
	m := median(values)
	distances := make([]float64, len(values))
	for i, v := range values {
		distances[i] = math.Abs(v - m)
	}
	return median(distances)
}

// differences returns a[i] - b[i].
func differences(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] - b[i]
	}
	return out
}

// round cuts a figure to so many decimals: what is beyond is noise.
func round(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}

// progress says on a writer what is being done and how long the rest will
// take. It prints at most a line a second.
type progress struct {
	out     io.Writer
	started time.Time
	printed time.Time
	total   time.Duration // planned, all steps together
	done    time.Duration // planned, of the steps that are over
}

// said tells at once.
func (p *progress) said(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// step counts one more step that was planned to take d, and tells what it was.
func (p *progress) step(what string, d time.Duration) {
	p.done += d
	if now := time.Now(); now.Sub(p.printed) >= time.Second {
		p.printed = now
		p.said("%s, %v left", what, p.left(now.Sub(p.started)).Round(time.Second))
	}
}

// left guesses from what the steps so far have taken beyond their plan.
func (p *progress) left(took time.Duration) time.Duration {
	if p.done <= 0 || p.done >= p.total {
		return 0
	}
	return time.Duration(float64(took) * float64(p.total-p.done) / float64(p.done))
}
