package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// The test binary starts itself as a helper process where memory or CPU time
// of one part must not be mixed with that of another. A child listens, writes
// its address to its standard output and ends when its standard input does.

// child returns what a helper process of that name does, or nil.
func child(name string) func() {
	switch name {
	case "gateway":
		return func() { childGateway(false) }
	case "gateway+plugin":
		return func() { childGateway(true) }
	case "gateway+body":
		return childBodies
	case "minimal":
		return childMinimal
	case "origin":
		return childOrigin
	}
	return nil
}

// process is a running helper.
type process struct {
	addr string
	pid  int
	in   io.Writer
	out  *bufio.Reader
}

// spawn starts a helper until the test ends.
func spawn(t testing.TB, name string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "SALLYPORT_PROXY_CHILD="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	p := &process{pid: cmd.Process.Pid, in: in, out: bufio.NewReader(out)}
	addr, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("helper %s did not start: %v", name, err)
	}
	p.addr = strings.TrimSpace(addr)
	return p
}

// announce tells the parent where the helper listens.
func announce() net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ln.Addr())
	return ln
}

// untilTold answers questions for the CPU time until the input ends.
func untilTold() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.Utime.Nano() + u.Stime.Nano())
	}
}

// childGateway is a gateway in front of the address in the first argument.
func childGateway(withPlugin bool) {
	cfg := chain.Config{API: &abi.API{Name: "bench"}}
	if withPlugin {
		cfg.Steps[abi.Pre] = []*chain.Step{{Name: "edit", Plugin: &fake{
			abi.Declaration{Hooks: abi.SetOf(abi.Pre)}, editHeaders,
		}}}
	}
	c, err := chain.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	u, err := upstream.New(upstream.Config{URL: "http://" + os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	r, err := proxy.NewRouter([]proxy.Route{{Chain: c, Upstream: u}})
	if err != nil {
		log.Fatal(err)
	}
	g := proxy.New(proxy.Config{}, r)
	go func() { _ = g.Serve(announce()) }()
	untilTold()
}

// childBodies is a gateway with a plugin that needs bodies. It tells how much
// memory they take whenever it is asked.
func childBodies() {
	cfg := chain.Config{API: &abi.API{Name: "bodies"}}
	hooks := abi.SetOf(abi.Pre)
	cfg.Steps[abi.Pre] = []*chain.Step{{Name: "read", Plugin: &fake{
		abi.Declaration{Hooks: hooks, RequestBody: hooks},
		func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil },
	}}}
	c, err := chain.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	r, err := proxy.NewRouter([]proxy.Route{{Chain: c}})
	if err != nil {
		log.Fatal(err)
	}
	g := proxy.New(proxy.Config{}, r)
	go func() { _ = g.Serve(announce()) }()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(g.BodyMemory())
	}
}

// editHeaders is the reference hook: it reads two fields, sets two and deletes
// one.
func editHeaders(x *abi.Exchange) (abi.Verdict, error) {
	auth, _ := x.Request.Header.Get([]byte("Authorization"))
	agent, _ := x.Request.Header.Get([]byte("User-Agent"))
	if err := x.SetHeader(abi.OfRequest, []byte("X-Tenant"), auth); err != nil {
		return abi.Continue, err
	}
	if err := x.SetHeader(abi.OfRequest, []byte("X-Agent"), agent); err != nil {
		return abi.Continue, err
	}
	return abi.Continue, x.DelHeader(abi.OfRequest, []byte("X-Debug"))
}

// childMinimal is the least that forwards with fasthttp: the baseline.
func childMinimal() {
	s := minimal(os.Args[1])
	go func() { _ = s.Serve(announce()) }()
	untilTold()
}

func minimal(upstream string) *fasthttp.Server {
	client := &fasthttp.HostClient{Addr: upstream, MaxConns: 1024}
	return &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.Request.SetHost(upstream)
		if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
			ctx.Error("bad gateway", fasthttp.StatusBadGateway)
		}
	}}
}

// childOrigin is a cheap upstream: 64 bytes to everything.
func childOrigin() {
	s := origin()
	go func() { _ = s.Serve(announce()) }()
	untilTold()
}

func origin() *fasthttp.Server {
	body := []byte(strings.Repeat("x", 64))
	return &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBody(body) }}
}

// memory returns one line of /proc/PID/status in bytes.
func (p *process) memory(t testing.TB, line string) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/status")
	if err != nil {
		t.Skipf("no memory figures on this system: %v", err)
	}
	_, rest, ok := strings.Cut(string(b), line+":")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		t.Fatalf("no %s", line)
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// cpu asks the process for the user and system time that it has used.
func (p *process) cpu(t testing.TB) time.Duration {
	t.Helper()
	if _, err := io.WriteString(p.in, "cpu\n"); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n)
}

// TestLargeBodiesStreamInLittleMemory sends and fetches 1 GiB, or 64 MiB unless
// long tests are asked for, through a gateway in a process of its own and looks
// at the memory of that process.
func TestLargeBodiesStreamInLittleMemory(t *testing.T) {
	size, most := int64(64<<20), int64(32<<20)
	if longtest.Enabled() {
		size, most = 1<<30, 64<<20
	}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || (r.Method == http.MethodPost && n != size) {
			t.Errorf("upstream got %d bytes, %v", n, err)
		}
		if r.Method == http.MethodGet {
			if length := r.URL.Query().Get("length"); length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.CopyN(w, zeros{}, size)
		}
	})
	p := spawn(t, "gateway", strings.TrimPrefix(url, "http://"))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for name, transfer := range map[string]func() (int64, error){
		"upload with length":   func() (int64, error) { return upload(client, p.addr, size, size) },
		"upload in chunks":     func() (int64, error) { return upload(client, p.addr, size, -1) },
		"download with length": func() (int64, error) { return download(client, p.addr+"/?length="+strconv.FormatInt(size, 10)) },
		"download in chunks":   func() (int64, error) { return download(client, p.addr) },
	} {
		beforehand := p.memory(t, "VmRSS")
		n, err := transfer()
		if err != nil || n != size {
			t.Errorf("%s: %d bytes passed, %v, want %d", name, n, err, size)
		}
		grown := p.memory(t, "VmHWM") - beforehand
		t.Logf("%s: %d MiB passed, resident memory grew from %d by at most %d MiB", name, n>>20, beforehand>>20, grown>>20)
		if grown > most {
			t.Errorf("%s: resident memory grew by %d MiB, want at most %d", name, grown>>20, most>>20)
		}
	}
}

// zeros is an endless stream.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func upload(client *http.Client, addr string, size, length int64) (int64, error) {
	body := &io.LimitedReader{R: zeros{}, N: size}
	req, err := http.NewRequest(http.MethodPost, "http://"+addr, body)
	if err != nil {
		return 0, err
	}
	req.ContentLength = length
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %d", resp.StatusCode)
	}
	return size - body.N, nil
}

func download(client *http.Client, addr string) (int64, error) {
	resp, err := client.Get("http://" + addr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.Copy(io.Discard, resp.Body)
}
