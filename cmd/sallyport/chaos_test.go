package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/c386954a/sallyport/examples"
	"github.com/c386954a/sallyport/internal/longtest"
)

// TestChaos runs a gateway as a process of its own under load, and does to it
// what happens to gateways: reloads of good and broken files, kills of the
// external process, restarts of the upstream, plugins that loop, clients that
// leave or withhold their bodies. No reply may be another request's, no request
// may be lost but those that an injected fault explains, and afterwards the
// gateway holds what it held at the start. It prints a report.
//
// SALLYPORT_CHAOS sets how long it takes: an hour is
//
//	SALLYPORT_CHAOS=1h go test -run TestChaos -v -timeout 0 ./cmd/sallyport
func TestChaos(t *testing.T) {
	c := startChaos(t)
	stop := c.load()
	for _, in := range chaosInjections() { // each once, so that the start is that of a gateway at work
		c.inject(in)
	}
	stop()
	c.rest()
	start := c.measure()

	begun := time.Now()
	watched := c.watch()
	stop = c.load()
	all := chaosInjections()
	for time.Since(begun) < chaosTime(t) {
		c.inject(all[c.random.IntN(len(all))])
		time.Sleep(time.Duration(50+c.random.IntN(400)) * time.Millisecond)
	}
	stop()
	samples := watched()
	end := c.settle(start)
	c.report(time.Since(begun), start, end, samples)
	c.check(start, end)
}

// chaosTime is how long the faults go on after the first of each kind.
func chaosTime(t *testing.T) time.Duration {
	t.Helper()
	if text := os.Getenv("SALLYPORT_CHAOS"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if longtest.Enabled() {
		return time.Minute
	}
	return 2 * time.Second
}

// chaos is a gateway process with its upstream, and what was seen of it.
type chaos struct {
	t          *testing.T
	dir        string
	url, admin string
	pid        int
	client     *http.Client
	upstream   *chaosUpstream
	random     *rand.Rand
	reloaded   atomic.Int64 // lines of the log
	refused    atomic.Int64
	serial     int64
	variant    int

	tally chaosTally
}

const chaosConfig = `version: 1
listen: "127.0.0.1:0"
admin: { listen: "127.0.0.1:0" }
tls: { cert: cert.pem, key: key.pem }
store: { keys: keys.json }
timeouts: { drain: 10s, shutdown: 5s }
coproc: { command: [%[1]q], env: { %[2]s: %[3]q }, sandbox: { enabled: false } }
defaults: { timeout: 8s }
plugins:
  native:  { runtime: builtin, entry: headers }
  wasm:    { runtime: wasm, source: headers.wasm }
  jsvm:    { runtime: jsvm, source: headers.js, entry: headers }
  coproc:  { runtime: coproc, entry: block }
  loop-js: { runtime: jsvm, source: loop.js, entry: loop, timeout: 200ms }
  loop-wasm: { runtime: wasm, source: loop.js, entry: loop, timeout: 200ms }
apis:
  - { name: native, match: { path: /native/ }, upstream: { url: %[4]q }, hooks: { pre: [native] } }
  - { name: wasm, match: { path: /wasm/ }, upstream: { url: %[4]q }, hooks: { pre: [wasm] } }
  - { name: jsvm, match: { path: /jsvm/ }, upstream: { url: %[4]q }, hooks: { pre: [jsvm] } }
  - { name: coproc, match: { path: /coproc/ }, upstream: { url: %[4]q }, hooks: { pre: [coproc] } }
  - { name: plain, match: { path: /plain/ }, upstream: { url: %[4]q } }
  - { name: loop-js, match: { path: /loop-js/ }, upstream: { url: %[4]q }, hooks: { pre: [loop-js] } }
  - { name: loop-wasm, match: { path: /loop-wasm/ }, upstream: { url: %[4]q }, hooks: { pre: [loop-wasm] } }
  - { name: variant-%[5]d, match: { path: /variant/ }, upstream: { url: %[4]q } }
`

const chaosLoop = `var loop = new TykJS.TykMiddleware.NewMiddleware({});
loop.NewProcessRequest(function (request) { for (;;) {} });`

var announced = regexp.MustCompile(`listening on (https://\S+) .*admin on (http://\S+)`)

func startChaos(t *testing.T) *chaos {
	t.Helper()
	c := &chaos{t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(12, 4))}
	c.tally.apis = map[string]*chaosCount{}
	c.tally.injected = map[string]int{}
	c.upstream = newChaosUpstream(t)
	c.client = &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 64}, //nolint:gosec // its own certificate
	}
	c.renew()
	c.write("keys.json", `[{"key": "k", "session": {}}]`)
	c.write("headers.js", string(examples.HeadersJS))
	c.write("headers.wasm", string(examples.HeadersWasm))
	c.write("loop.js", chaosLoop)
	c.configure()

	cmd := exec.Command(program(t))
	cmd.Args = []string{"sallyport", "run", "-c", filepath.Join(c.dir, "sallyport.yaml")}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { c.readLog(log) })
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		c.client.CloseIdleConnections()
		reading.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the gateway ends with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	found := announced.FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("the gateway says %q, %v", line, err)
	}
	c.url, c.admin, c.pid = found[1], found[2], cmd.Process.Pid
	return c
}

// program is this test binary, which plays the gateway when it is called
// sallyport, and the external process when its environment says so.
func program(t *testing.T) string {
	t.Helper()
	p, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readLog counts the results of reloads, and reports what must not happen.
func (c *chaos) readLog(log io.Reader) {
	for s := bufio.NewScanner(log); s.Scan(); {
		switch line := s.Text(); {
		case strings.Contains(line, "reload refused"):
			c.refused.Add(1)
		case strings.Contains(line, `"reloaded"`), strings.Contains(line, " reloaded"):
			c.reloaded.Add(1)
		case strings.HasPrefix(line, "panic:"), strings.HasPrefix(line, "fatal error:"), strings.Contains(line, "runtime error"):
			c.t.Errorf("the gateway says %s", line)
		}
	}
}

func (c *chaos) write(name, text string) {
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Error(err)
	}
}

// configure writes the next variant of the configuration.
func (c *chaos) configure() {
	c.variant++
	c.write("sallyport.yaml", fmt.Sprintf(chaosConfig, program(c.t), childMode, filepath.Join(c.dir, "notes"), c.upstream.url, c.variant))
}
