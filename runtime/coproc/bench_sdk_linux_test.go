package coproc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/coproc"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// The benchmarks of this file report, besides the time of an exchange, what it
// costs each side: gateway-cpu-ns and child-cpu-ns, and the latency that a
// caller sees: p50-ns and p99-ns. Their output is the table of what the
// external process costs, floor and foreign library included:
//
//	go test ./runtime/coproc -run '^$' -bench 'Floor|Process|JRPC2' -benchtime 5000x

// sizes are the bodies that are sent; 0 is a handler that takes none.
var sizes = []int{0, 1 << 10, 64 << 10}

// exchangeFunc makes one exchange.
type exchangeFunc func() error

// measure runs exchanges, so many at a time, each caller with one of its own.
func measure(b *testing.B, pid, callers int, newCaller func() exchangeFunc) {
	b.Helper()
	work := make(chan struct{}, callers)
	took := make([][]time.Duration, callers)
	var all sync.WaitGroup
	for i := range callers {
		exchange := newCaller()
		for range 50 { // warm up
			if err := exchange(); err != nil {
				b.Fatal(err)
			}
		}
		all.Go(func() {
			for range work {
				begin := time.Now()
				if err := exchange(); err != nil {
					b.Error(err)
				}
				took[i] = append(took[i], time.Since(begin))
			}
		})
	}
	own, its := ownCPU(b), childCPU(b, pid)
	b.ReportAllocs()
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	all.Wait()
	b.ReportMetric(float64(ownCPU(b)-own)/float64(b.N), "gateway-cpu-ns")
	b.ReportMetric(float64(childCPU(b, pid)-its)/float64(b.N), "child-cpu-ns")
	sorted := slices.Concat(took...)
	slices.Sort(sorted)
	b.ReportMetric(float64(sorted[len(sorted)/2]), "p50-ns")
	b.ReportMetric(float64(sorted[len(sorted)*99/100]), "p99-ns")
}

// ownCPU returns the time that all threads of this process have run.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// childCPU returns the time that all threads of a process have run.
func childCPU(b *testing.B, pid int) (total time.Duration) {
	b.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		b.Fatalf("process %d has no threads: %v", pid, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a thread that has just ended
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			b.Fatal(err)
		}
		total += time.Duration(ns)
	}
	return total
}

// each runs a benchmark for every body with one and with 64 calls in flight.
func each(b *testing.B, run func(b *testing.B, handler string, body []byte, callers int)) {
	for _, size := range sizes {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("body=%d/callers=%d", size, callers), func(b *testing.B) {
				handler := "body"
				if size == 0 {
					handler = "headers"
				}
				run(b, handler, bytes.Repeat([]byte("x"), size), callers)
			})
		}
	}
}

// BenchmarkFloor is one byte to a process and back, one at a time.
func BenchmarkFloor(b *testing.B) {
	cmd, in, out := spawn(b, "pong")
	var one [1]byte
	measure(b, cmd.Process.Pid, 1, func() exchangeFunc {
		return func() error {
			if _, err := in.Write(one[:]); err != nil {
				return err
			}
			_, err := io.ReadFull(out, one[:])
			return err
		}
	})
}

// spawn starts this binary as a process of the benchmarks without a gateway.
func spawn(b *testing.B, what string) (*exec.Cmd, io.WriteCloser, io.Reader) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, "bench", what)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return cmd, in, out
}

// BenchmarkProcess is the gateway's side of the protocol with a process of
// each SDK.
func BenchmarkProcess(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range []struct {
		name    string
		command []string
	}{
		{"go", []string{self, "bench", "sdk"}},
		{"node", []string{"node", filepath.Join("testdata", "bench.mjs")}},
		{"python", []string{"python3", "-B", filepath.Join("testdata", "bench.py")}},
	} {
		b.Run(p.name, func(b *testing.B) {
			if p.name != "go" {
				needs.Program(b, "python3 nodejs", p.command[0], "--version")
			}
			r := coproc.New(coproc.Config{Command: p.command})
			b.Cleanup(func() { closeRuntime(b, r) })
			each(b, func(b *testing.B, handler string, body []byte, callers int) {
				benchmarkCalls(b, r, handler, body, callers)
			})
			if p.name == "python" {
				b.Run("threads/body=0/callers=64", func(b *testing.B) { benchmarkCalls(b, r, "threaded", nil, 64) })
			}
		})
	}
}

func benchmarkCalls(b *testing.B, r *coproc.Runtime, handler string, body []byte, callers int) {
	p := load(b, r, spec(handler))
	measure(b, r.Stats().PID, callers, func() exchangeFunc {
		x := headerHook()
		return func() error {
			x.Begin(abi.Pre, x.Deadline)
			x.Request.Body = body
			_, err := p.Call(x)
			x.Discard()
			x.Reset()
			fill(x)
			return err
		}
	})
}

// BenchmarkJRPC2 makes the same exchange with the Go SDK by a public library,
// which encodes and decodes by reflection.
func BenchmarkJRPC2(b *testing.B) {
	cmd, in, out := spawn(b, "sdk")
	client := jrpc2.NewClient(channel.Line(out, in), nil)
	b.Cleanup(func() { client.Close() })
	greet(b, client)
	each(b, func(b *testing.B, handler string, body []byte, callers int) {
		measure(b, cmd.Process.Pid, callers, func() exchangeFunc {
			return func() error { return callBy(client, handler, body) }
		})
	})
}

// greet opens a session and loads an API, as the gateway does.
func greet(b *testing.B, client *jrpc2.Client) {
	b.Helper()
	if _, err := client.Call(b.Context(), "initialize", map[string]any{"protocol": []string{"1.0"}}); err != nil {
		b.Fatal(err)
	}
	if err := client.Notify(b.Context(), "initialized", nil); err != nil {
		b.Fatal(err)
	}
	if _, err := client.Call(b.Context(), "api/load", map[string]any{"api_id": orders.ID, "generation": orders.Generation}); err != nil {
		b.Fatal(err)
	}
}

// The params of dispatch, as far as the handlers of the benchmarks see them.
type (
	dispatchParams struct {
		HookType   string          `json:"hook_type"`
		HookName   string          `json:"hook_name"`
		APIID      string          `json:"api_id"`
		Generation uint64          `json:"generation"`
		RequestID  string          `json:"request_id"`
		DeadlineMS int64           `json:"deadline_ms"`
		Request    dispatchRequest `json:"request"`
	}
	dispatchRequest struct {
		Method     string        `json:"method"`
		URL        string        `json:"url"`
		Scheme     string        `json:"scheme"`
		Host       string        `json:"host"`
		RemoteAddr string        `json:"remote_addr"`
		Header     []child.Field `json:"header_list"`
		Text       *string       `json:"body,omitempty"`
		BodySize   int           `json:"body_size,omitempty"`
	}
	dispatchResult struct {
		Action  string `json:"action"`
		Request struct {
			DeleteHeaders []string          `json:"delete_headers"`
			SetHeaders    map[string]string `json:"set_headers"`
		} `json:"request"`
	}
)

// callBy does what [abi.Plugin] does with an exchange: it takes the fields
// that the handler declares from it, calls, and reads what changes.
func callBy(client *jrpc2.Client, handler string, body []byte) error {
	x := browser
	p := dispatchParams{
		HookType: "pre", HookName: handler, APIID: orders.ID, Generation: orders.Generation,
		RequestID: string(x.RequestID), DeadlineMS: limit.Milliseconds(),
		Request: dispatchRequest{
			Method: string(x.Request.Method), URL: string(x.Request.URI), Scheme: "http",
			Host: string(x.Request.Host), RemoteAddr: string(x.Request.RemoteAddr),
		},
	}
	for _, f := range x.Request.Header {
		if name := strings.ToLower(string(f.Name)); name == "user-agent" || name == "authorization" {
			p.Request.Header = append(p.Request.Header, child.Field{Name: string(f.Name), Value: string(f.Value)})
		}
	}
	if handler == "body" {
		text := string(body)
		p.Request.Text, p.Request.BodySize = &text, len(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var r dispatchResult
	if err := client.CallResult(ctx, "dispatch", p, &r); err != nil {
		return err
	}
	if r.Action != "continue" || r.Request.SetHeaders["X-Tenant"] != "acme" {
		return fmt.Errorf("result is %+v", r)
	}
	return nil
}
