package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/needs"
)

// redisServer is a real Redis on a port of its own.
type redisServer struct {
	port string
	dir  string
	cmd  *exec.Cmd
}

// startRedis starts a Redis that keeps nothing on disk.
func startRedis(t *testing.T) *redisServer {
	t.Helper()
	needs.Program(t, "redis-server", "redis-server", "--version")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	r := &redisServer{port: port, dir: t.TempDir()}
	r.start(t)
	t.Cleanup(r.kill)
	return r
}

func (r *redisServer) start(t *testing.T) {
	t.Helper()
	r.cmd = exec.Command("redis-server", "--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.dir)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "redis listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+r.port)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (r *redisServer) kill() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	r.cmd = nil
}

// serveRateLimit starts the example with a Redis.
func serveRateLimit(t *testing.T) (*site, *redisServer) {
	t.Helper()
	needs.Program(t, "python3", "python3", "--version")
	redis := startRedis(t)
	dir := filepath.Join(examplesDir, "coproc-ratelimit-redis")
	sdk, err := filepath.Abs("../../sdk/coproc/python")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "sallyport.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:0", "http://127.0.0.1:9000", "UPSTREAM",
		"6379", redis.port, "../../sdk/coproc/python", sdk).Replace(string(text))
	var files []string
	for _, name := range guests(t, dir) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Base(name), string(data))
	}
	return serve(t, config, files...), redis
}

func TestRateLimiterInRedisKeepsTheLimitOfEachAPI(t *testing.T) {
	t.Parallel()
	s, _ := serveRateLimit(t)
	for api, limit := range map[string]int{"free": 5, "gold": 20} {
		for i := range limit + 5 {
			status, body := s.get(t, "/"+api+"/x")
			want := http.StatusOK
			if i >= limit {
				want = http.StatusTooManyRequests
			}
			if status != want {
				t.Fatalf("request %d of %s got %d %s, want %d", i+1, api, status, body, want)
			}
		}
	}
	reply, err := http.Get(s.url + "/free/x")
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if after := reply.Header.Get("Retry-After"); after == "" || after == "0" {
		t.Errorf("Retry-After is %q", after)
	}
}

func TestRateLimiterRefusesAnAPIWithoutLimits(t *testing.T) {
	t.Parallel()
	s, _ := serveRateLimit(t)
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "sallyport.yaml", strings.ReplaceAll(string(text), "limit: 20", "limit: -1"))
	err = reload(t.Context(), s.gateway, s.config(t))
	if err == nil || !strings.Contains(err.Error(), "rate_limit needs a whole number limit") {
		t.Errorf("reload() = %v, want the plugin's reason", err)
	}
	if status, _ := s.get(t, "/gold/x"); status != http.StatusOK {
		t.Errorf("status %d after a refused reload, want 200", status)
	}
}

// load is clients that send requests to an API until they are told to stop.
type load struct {
	site   *site
	stop   atomic.Bool
	all    sync.WaitGroup
	counts [600]atomic.Int64 // answers by status
	errors atomic.Int64
}

func startLoad(s *site, path string, clients int) *load {
	l := &load{site: s}
	for range clients {
		l.all.Go(func() {
			for !l.stop.Load() {
				status, _, err := s.try(path)
				if err != nil {
					l.errors.Add(1)
					continue
				}
				l.counts[status].Add(1)
			}
		})
	}
	return l
}

func (l *load) end() {
	l.stop.Store(true)
	l.all.Wait()
}

func (l *load) of(status int) int64 { return l.counts[status].Load() }

func (l *load) String() string {
	var text []string
	for status := range l.counts {
		if n := l.of(status); n > 0 {
			text = append(text, fmt.Sprintf("%d: %d", status, n))
		}
	}
	return strings.Join(text, ", ")
}

// more waits until there are some more answers with a status, and returns how
// long that took.
func (l *load) more(t *testing.T, status int) time.Duration {
	t.Helper()
	begin, before := time.Now(), l.of(status)
	await(t, fmt.Sprintf("clients get %d", status), func() bool { return l.of(status) >= before+20 })
	return time.Since(begin)
}

func TestRateLimiterFailsClosedWithoutRedisAndRecovers(t *testing.T) {
	t.Parallel()
	s, redis := serveRateLimit(t)
	limited, open := startLoad(s, "/gold/x", 8), startLoad(s, "/open/x", 2)
	limited.more(t, http.StatusTooManyRequests)

	redis.kill()
	down := limited.more(t, http.StatusServiceUnavailable)
	passed, refused := limited.of(http.StatusOK), limited.of(http.StatusTooManyRequests)
	open.more(t, http.StatusOK)
	if limited.of(http.StatusOK) != passed || limited.of(http.StatusTooManyRequests) != refused {
		t.Errorf("%d passed and %d were counted without redis", limited.of(http.StatusOK)-passed, limited.of(http.StatusTooManyRequests)-refused)
	}

	redis.start(t)
	up := limited.more(t, http.StatusTooManyRequests)
	limited.more(t, http.StatusTooManyRequests) // what was answered before may be counted late
	unavailable := limited.of(http.StatusServiceUnavailable)
	limited.more(t, http.StatusTooManyRequests)
	if n := limited.of(http.StatusServiceUnavailable) - unavailable; n != 0 {
		t.Errorf("%d times 503 after it has recovered", n)
	}
	limited.end()
	open.end()

	t.Logf("with the limiter: %s; without: %s", limited, open)
	t.Logf("20 times 503 %v after redis was killed, 20 times 429 %v after it was back", down, up)
	if limited.of(200) != 40 || limited.of(200)+limited.of(429)+limited.of(503) != sum(limited) || limited.errors.Load() != 0 {
		t.Errorf("clients got %s and %d errors, want 40 times 200 (the limit, once per redis), and else 429 and 503", limited, limited.errors.Load())
	}
	if open.of(200) != sum(open) || open.errors.Load() != 0 {
		t.Errorf("the API without the limiter got %s and %d errors", open, open.errors.Load())
	}
	if n := strings.Count(s.logs.String(), "plugin process started"); n != 1 {
		t.Errorf("%d starts of the process, want 1: a missing redis is no fault of it", n)
	}
}

func sum(l *load) (n int64) {
	for status := range l.counts {
		n += l.of(status)
	}
	return n
}
