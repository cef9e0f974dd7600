package load_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench/load"
)

var get = load.LoadRequest{Raw: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Status: 200}

// answering serves n connections without a network and returns a client on
// them. answer is called for each request.
func answering(t *testing.T, n int, answer func(path string) string) *load.Client {
	t.Helper()
	var ends []net.Conn
	var servers sync.WaitGroup
	for range n {
		client, server := net.Pipe()
		ends = append(ends, client)
		servers.Go(func() {
			defer func() { _ = server.Close() }()
			r := bufio.NewReader(server)
			for {
				req, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				if _, err := io.WriteString(server, answer(req.URL.Path)); err != nil {
					return
				}
			}
		})
	}
	c := load.Over(ends...)
	t.Cleanup(func() {
		_ = c.Close()
		servers.Wait()
	})
	return c
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

// TestStallOfTheServerIsChargedToAllWhoWouldHaveCome has a server that answers
// at once but for one pause of a second. A generator that waits for answers
// would see one slow request; here, everybody due in that second was kept
// waiting.
func TestStallOfTheServerIsChargedToAllWhoWouldHaveCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := answering(t, 1, func(string) string {
			if n++; n == 100 {
				time.Sleep(time.Second)
			}
			return ok
		})
		r, err := c.Paced(t.Context(), get, load.Pace{Rate: 100, Duration: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if r.Requests != 1000 || r.Late != 0 {
			t.Fatalf("Paced() = %d requests, %d late, want 1000 and none", r.Requests, r.Late)
		}
		if slow := 1000 - int(countBelow(r, time.Millisecond)); slow != 100 {
			t.Errorf("%d requests were slow, want the 100 that were due in the pause", slow)
		}
		near(t, "p50", r.Latency.ValueAtQuantile(50), 0)
		near(t, "p95", r.Latency.ValueAtQuantile(95), 500*time.Millisecond)
		near(t, "maximum", r.Latency.Max(), time.Second)
	})
}

// countBelow counts latencies up to d.
func countBelow(r *load.Summary, d time.Duration) (n int64) {
	for _, bar := range r.Latency.Distribution() {
		if bar.To <= d.Nanoseconds() {
			n += bar.Count
		}
	}
	return n
}

// near compares as exactly as the histogram is, and the schedule fine.
func near(t *testing.T, what string, got int64, want time.Duration) {
	t.Helper()
	if d := time.Duration(got); d < want-15*time.Millisecond || d > want+15*time.Millisecond {
		t.Errorf("%s = %v, want about %v", what, d, want)
	}
}

func TestPacedRequestsAreSentWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		c := answering(t, 1, func(string) string {
			at = append(at, time.Since(start))
			return ok
		})
		r, err := c.Paced(t.Context(), get, load.Pace{Rate: 4, Duration: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(at), "[0s 250ms 500ms 750ms]"; got != want {
			t.Errorf("requests came after %s, want %s", got, want)
		}
		if rate := r.Rate(); rate < 5.3 || rate > 5.4 { // the last one ends the run
			t.Errorf("Rate() = %v, want 4 requests in 750 ms", rate)
		}
	})
}

func TestServerThatCannotKeepUpLeavesRequestsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := answering(t, 2, func(string) string {
			time.Sleep(100 * time.Millisecond) // 20 a second with two connections
			return ok
		})
		r, err := c.Paced(t.Context(), get, load.Pace{Rate: 100, Duration: time.Second, Grace: 500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if r.Requests+r.Late != 100 || r.Late < 68 || r.Late > 72 {
			t.Errorf("Paced() = %d requests, %d late, want about 30 and 70", r.Requests, r.Late)
		}
	})
}

func TestEverySoManyRequestsAreTheOtherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := answering(t, 4, func(path string) string {
			if path == "/slow" {
				time.Sleep(50 * time.Millisecond)
				return "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"
			}
			return ok
		})
		slow := load.LoadRequest{Raw: []byte("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"), Status: 504}
		r, err := c.Paced(t.Context(), get, load.Pace{Rate: 100, Duration: time.Second, Every: 10, Other: slow})
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Other.TotalCount(); n != 10 || r.Requests != 100 {
			t.Errorf("%d of %d requests were the other one, want 10 of 100", n, r.Requests)
		}
		near(t, "p50 of the others", r.Other.ValueAtQuantile(50), 50*time.Millisecond)
		near(t, "p50", r.Latency.ValueAtQuantile(50), 0)
	})
}

func TestBusyWaitsForTheAnswersThatAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := answering(t, 3, func(string) string {
			time.Sleep(300 * time.Millisecond)
			return ok
		})
		r, err := c.Busy(t.Context(), get, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if r.Requests != 12 || r.Took != 1200*time.Millisecond {
			t.Errorf("Busy() = %d requests in %v, want 12 in 1.2s", r.Requests, r.Took)
		}
		near(t, "p50", r.Latency.ValueAtQuantile(50), 300*time.Millisecond)
	})
}

func TestFailuresEndARun(t *testing.T) {
	for _, c := range []struct{ name, reply, want string }{
		{"another status", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "status 500, want 200"},
		{"garbage", "SMTP ready, more or less\r\n", "not HTTP/1.1"},
		{"a status that is none", "HTTP/1.1 abc OK\r\n\r\n", "not HTTP/1.1"},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", "no Content-Length"},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", "no Content-Length"},
		{"a line without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20<<10), "buffer full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := answering(t, 2, func(string) string { return c.reply })
				_, err := client.Busy(t.Context(), get, time.Second)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Busy() = %v, want %q", err, c.want)
				}
				client = answering(t, 2, func(string) string { return c.reply })
				_, err = client.Paced(t.Context(), get, load.Pace{Rate: 10, Duration: time.Second})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Paced() = %v, want %q", err, c.want)
				}
			})
		})
	}
}

func TestConnectionThatEndsIsAnError(t *testing.T) {
	client, server := net.Pipe()
	go func() {
		_, _ = server.Read(make([]byte, 1024))
		_ = server.Close()
	}()
	c := load.Over(client)
	defer func() { _ = c.Close() }()
	if err := c.Warm(t.Context(), get, 1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Warm() = %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

func TestEndOfTheContextEndsARunThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, run := range map[string]func(context.Context, *load.Client) error{
			"busy": func(ctx context.Context, c *load.Client) error {
				_, err := c.Busy(ctx, get, time.Hour)
				return err
			},
			"paced": func(ctx context.Context, c *load.Client) error {
				_, err := c.Paced(ctx, get, load.Pace{Rate: 1, Duration: time.Hour})
				return err
			},
		} {
			silent, server := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, server) }()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			c := load.Over(silent)
			if err := run(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v, want the end of the context", name, err)
			}
			cancel()
			_ = c.Close()
			_ = server.Close()
		}
	})
}

func TestPaceNeedsARateAndADuration(t *testing.T) {
	for _, p := range []load.Pace{{}, {Rate: 1}, {Duration: time.Second}, {Rate: -1, Duration: time.Second}} {
		if _, err := load.Over().Paced(t.Context(), get, p); err == nil {
			t.Errorf("Paced(%+v) = nil, want an error", p)
		}
	}
}

func TestDialedClientReachesARealServer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer s.Close()
	c, err := load.Dial(t.Context(), s.Listener.Addr().String(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Warm(t.Context(), get, 3); err != nil {
		t.Fatal(err)
	}
	r, err := c.Paced(t.Context(), get, load.Pace{Rate: 1000, Duration: 50 * time.Millisecond})
	if err != nil || r.Requests != 50 || r.Latency.Min() <= 0 {
		t.Errorf("Paced() = %+v, %v, want 50 requests", r, err)
	}
}

func TestDialSaysWhereNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	if _, err := load.Dial(t.Context(), addr, 1); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("Dial(%s) = %v, want an error that names the address", addr, err)
	}
}
