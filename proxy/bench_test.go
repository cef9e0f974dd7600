package proxy_test

import (
	"bufio"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
)

// request is the reference workload: a GET with ten fields.
const request = "GET /api/v1/things?id=42 HTTP/1.1\r\n" +
	"Host: bench.test\r\n" +
	"User-Agent: bench/1.0\r\n" +
	"Accept: application/json\r\n" +
	"Accept-Encoding: gzip, br\r\n" +
	"Accept-Language: en\r\n" +
	"Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n" +
	"Cookie: session=0123456789abcdef\r\n" +
	"Cache-Control: no-cache\r\n" +
	"X-Trace: 0123456789abcdef\r\n" +
	"X-Debug: 1\r\n\r\n"

// loop is a client that sends the request again and again without allocating.
type loop struct {
	net.Conn
	r   *bufio.Reader
	raw []byte
}

func newLoop(t testing.TB, addr string) *loop {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &loop{c, bufio.NewReader(c), []byte(request)}
}

// once sends the request and reads a reply with 64 bytes of body.
func (l *loop) once() error {
	if _, err := l.Write(l.raw); err != nil {
		return err
	}
	for {
		line, err := l.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			_, err = l.r.Discard(64)
			return err
		}
	}
}

// allocations counts what the whole process allocates for a request: client
// and upstream in it allocate nothing once they are warm.
func allocations(t testing.TB, addr string) float64 {
	t.Helper()
	l := newLoop(t, addr)
	for range 200 {
		if err := l.once(); err != nil {
			t.Fatal(err)
		}
	}
	return testing.AllocsPerRun(500, func() {
		if err := l.once(); err != nil {
			t.Fatal(err)
		}
	})
}

// serveFast runs a fasthttp server until the test ends.
func serveFast(t testing.TB, s *fasthttp.Server) string {
	t.Helper()
	ln := listen(t)
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(ln) })
	t.Cleanup(func() {
		_ = s.Shutdown()
		running.Wait()
	})
	return ln.Addr().String()
}

func BenchmarkRequest(b *testing.B) {
	upstreamAddr := serveFast(b, origin())
	edit := plugin{hook: abi.Pre, call: editHeaders}
	for _, v := range []struct{ name, addr string }{
		{"minimal", serveFast(b, minimal(upstreamAddr))},
		{"bare", before(b, "http://"+upstreamAddr).addr},
		{"plugin", before(b, "http://"+upstreamAddr, edit).addr},
	} {
		b.Run(v.name, func(b *testing.B) {
			l := newLoop(b, v.addr)
			for range 100 {
				_ = l.once()
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := l.once(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCPU measures the CPU time that a forwarder in a process of its own
// uses for a request, with its upstream and its clients elsewhere. The three
// variants take turns in short, shuffled slices, so that what the machine does
// beside hits all of them; ratios are medians of what slices of one round have
// among them.
func BenchmarkCPU(b *testing.B) {
	o := spawn(b, "origin")
	names := []string{"minimal", "gateway", "gateway+plugin"}
	var procs []*process
	for _, n := range names {
		procs = append(procs, spawn(b, n, o.addr))
	}
	for _, p := range procs {
		slice(b, p, 200*time.Millisecond)
	}
	var cost [3][]float64
	var bare, hooked []float64
	for b.Loop() {
		var round [3]float64
		for _, i := range rand.Perm(len(procs)) {
			round[i] = slice(b, procs[i], 200*time.Millisecond)
			cost[i] = append(cost[i], round[i])
		}
		bare = append(bare, round[1]/round[0])
		hooked = append(hooked, round[2]-round[1])
	}
	for i, n := range names {
		b.ReportMetric(median(cost[i])/1e3, "cpu-µs/"+strings.ReplaceAll(n, "+", "-"))
	}
	b.ReportMetric(median(bare), "ratio-bare/minimal")
	b.ReportMetric(median(hooked)/1e3, "cpu-µs/plugin-adds")
	b.ReportMetric(0, "ns/op")
}

// slice keeps 16 connections busy for a while and returns the CPU time of the
// process for each request, in nanoseconds.
func slice(b *testing.B, p *process, d time.Duration) float64 {
	b.Helper()
	var n atomic.Int64
	var stop atomic.Bool
	var clients sync.WaitGroup
	runtime.GC()
	start := p.cpu(b)
	for range 16 {
		c, err := net.Dial("tcp", p.addr)
		if err != nil {
			b.Fatal(err)
		}
		clients.Go(func() {
			defer func() { _ = c.Close() }()
			l := &loop{c, bufio.NewReader(c), []byte(request)}
			for !stop.Load() {
				if err := l.once(); err != nil {
					b.Error(err)
					return
				}
				n.Add(1)
			}
		})
	}
	time.AfterFunc(d, func() { stop.Store(true) })
	clients.Wait()
	return float64(p.cpu(b)-start) / float64(n.Load())
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

func BenchmarkRouter(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(itoa(n), func(b *testing.B) {
			find := proxy.Finder(b, n)
			b.ReportAllocs()
			for b.Loop() {
				find()
			}
		})
	}
}
