package main

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/procstat"
)

// chaosUpstream tells what it got, and can be restarted on its port.
type chaosUpstream struct {
	t      *testing.T
	url    string
	addr   string
	server *http.Server
	served sync.WaitGroup
}

func newChaosUpstream(t *testing.T) *chaosUpstream {
	t.Helper()
	u := &chaosUpstream{t: t, addr: "127.0.0.1:0"}
	u.start()
	u.url = "http://" + u.addr
	t.Cleanup(u.stop)
	return u
}

func (u *chaosUpstream) start() {
	ln, err := net.Listen("tcp", u.addr)
	if err != nil {
		u.t.Error(err)
		return
	}
	u.addr = ln.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(tellRequest), ReadHeaderTimeout: time.Minute}
	u.server = server
	u.served.Go(func() { _ = server.Serve(ln) })
}

func (u *chaosUpstream) stop() {
	_ = u.server.Close()
	u.served.Wait()
}

// tellRequest answers with all by which a request can be told from another.
func tellRequest(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/slow") {
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	process := ""
	if r.Header.Get("X-Pid") != "" {
		process = "process"
	}
	_, _ = io.WriteString(w, told(r.Header.Get("X-Request-Id"), r.URL.Path, r.Header.Get("X-Tenant"), process, body))
}

func told(id, path, tenant, process string, body []byte) string {
	return fmt.Sprintf("id=%s path=%s tenant=%s by=%s body=%d/%08x", id, path, tenant, process, len(body), crc32.ChecksumIEEE(body))
}

// chaosAPIs are the APIs under load, and what their plugins leave on a request.
var chaosAPIs = []struct {
	name            string
	tenant, process bool
}{{"native", true, false}, {"wasm", true, false}, {"jsvm", true, false}, {"coproc", false, true}, {"plain", false, false}}

// ask sends a request and compares its reply, if it is the upstream's.
func (c *chaos) ask(api, id string, body []byte) (status int, err error) {
	path := "/" + api + "/" + id
	r, err := http.NewRequest(http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Request-Id", id)
	r.Header.Set("Authorization", "Bearer t"+id+".secret")
	reply, err := c.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	got, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		if err == nil && !strings.Contains(string(got), id) {
			err = fmt.Errorf("wrong answer %d %.200q", reply.StatusCode, got)
		}
		return reply.StatusCode, err
	}
	for _, a := range chaosAPIs {
		if a.name != api {
			continue
		}
		tenant, process := "", ""
		if a.tenant {
			tenant = "t" + id
		}
		if a.process {
			process = "process"
		}
		if want := told(id, path, tenant, process, body); string(got) != want {
			return reply.StatusCode, fmt.Errorf("wrong answer %.200q, want %.200q", got, want)
		}
	}
	return reply.StatusCode, nil
}

// load keeps two clients of each API busy until the returned function is called.
func (c *chaos) load() (stop func()) {
	done := make(chan struct{})
	var clients sync.WaitGroup
	for i := range 2 * len(chaosAPIs) {
		api := chaosAPIs[i%len(chaosAPIs)].name
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(2 * time.Millisecond): // other tests want to run, too
				}
				size := n * 37 % 4096
				if n%100 == 99 {
					size = 100 << 10
				}
				id, begun := c.tally.nextID(), time.Now()
				status, err := c.ask(api, id, bytes.Repeat([]byte(id), size/len(id)))
				c.tally.add(api, status, err, begun)
			}
		})
	}
	return func() {
		close(done)
		clients.Wait()
	}
}

// chaosTally is what clients got, and what was done meanwhile.
type chaosTally struct {
	mu       sync.Mutex
	ids      int
	apis     map[string]*chaosCount
	injected map[string]int
	windows  []*chaosWindow
	lost     []chaosLoss
	wrong    []string
}

type chaosWindow struct {
	chaosInjection

	from, to time.Time // to is zero while it is open
}

// chaosLoss is a request that was not answered as it should be.
type chaosLoss struct {
	api      string
	status   int
	err      error
	from, to time.Time
}

// chaosCount counts the replies of an API. Times are counted in classes of 5 %.
type chaosCount struct {
	status map[int]int
	times  [512]int
}

func (t *chaosTally) nextID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ids++
	return "r" + strconv.Itoa(t.ids) + "z"
}

func (t *chaosTally) open(in chaosInjection) *chaosWindow {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &chaosWindow{chaosInjection: in, from: time.Now()}
	t.injected[in.name]++
	if len(in.statuses) > 0 {
		t.windows = append(t.windows, w)
	}
	return w
}

func (t *chaosTally) close(w *chaosWindow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.to = time.Now()
}

func (t *chaosTally) note(api string, status int) *chaosCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.apis[api]
	if n == nil {
		n = &chaosCount{status: map[int]int{}}
		t.apis[api] = n
	}
	n.status[status]++
	return n
}

func (t *chaosTally) add(api string, status int, err error, begun time.Time) {
	end := time.Now()
	n := t.note(api, status)
	t.mu.Lock()
	defer t.mu.Unlock()
	n.times[min(int(20*math.Log(float64(1+end.Sub(begun).Microseconds()))), len(n.times)-1)]++
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "wrong answer"):
		t.wrong = append(t.wrong, api+": "+err.Error())
	case err != nil || status != http.StatusOK:
		t.lost = append(t.lost, chaosLoss{api, status, err, begun, end})
	}
}

// unexplained returns the losses outside of every window that allows them.
func (t *chaosTally) unexplained() (out []chaosLoss) {
	for _, l := range t.lost {
		if l.err != nil || !slices.ContainsFunc(t.windows, func(w *chaosWindow) bool {
			return (w.api == "" || w.api == l.api) && slices.Contains(w.statuses, l.status) && l.from.Before(w.to) && l.to.After(w.from)
		}) {
			out = append(out, l)
		}
	}
	return out
}

// quantile returns the time that a share of the requests took at most, 0 if
// they were not timed.
func (n *chaosCount) quantile(share float64) time.Duration {
	all := 0
	for _, k := range n.times {
		all += k
	}
	rest := int(share * float64(all))
	for i, k := range n.times {
		if rest -= k; rest < 0 {
			return time.Duration(math.Exp(float64(i+1)/20)) * time.Microsecond
		}
	}
	return 0
}

// chaosFigures are what a process holds.
type chaosFigures struct {
	resident                          int64
	descriptors, goroutines, children int
}

func (c *chaos) measure() (f chaosFigures) {
	f.resident, _ = procstat.Resident(c.pid)
	if fds, err := os.ReadDir("/proc/" + strconv.Itoa(c.pid) + "/fd"); err == nil {
		f.descriptors = len(fds)
	}
	f.children = len(procstat.Descendants(c.pid))
	reply, err := http.Get(c.admin + "/metrics")
	if err != nil {
		c.t.Errorf("the admin listener: %v", err)
		return f
	}
	defer reply.Body.Close()
	for s := bufio.NewScanner(reply.Body); s.Scan(); {
		if text, ok := strings.CutPrefix(s.Text(), "go_goroutines "); ok {
			f.goroutines, _ = strconv.Atoi(text)
		}
	}
	return f
}

// watch measures until the returned function is called.
func (c *chaos) watch() func() []chaosFigures {
	done := make(chan struct{})
	var all []chaosFigures
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(500 * time.Millisecond):
				all = append(all, c.measure())
			}
		}
	})
	return func() []chaosFigures {
		close(done)
		watching.Wait()
		return all
	}
}

// rest lets connections and replaced generations end.
func (c *chaos) rest() {
	c.client.CloseIdleConnections()
	last := c.measure()
	c.eventually(func() bool {
		time.Sleep(2 * time.Second)
		now := c.measure()
		same := now.goroutines == last.goroutines && now.descriptors == last.descriptors && now.children == last.children
		last = now
		return same
	})
}

// settle waits until the gateway is at rest and holds no more than at the start.
func (c *chaos) settle(start chaosFigures) (end chaosFigures) {
	c.rest()
	c.eventually(func() bool {
		end = c.measure()
		return end.isFlat(start)
	})
	return end
}

// isFlat allows for a few idle connections, and for memory that the collector
// has not given back.
func (f chaosFigures) isFlat(start chaosFigures) bool {
	return f.children == start.children && f.descriptors <= start.descriptors+16 && f.goroutines <= start.goroutines+16 &&
		f.resident <= max(2*start.resident, start.resident+64<<20)
}

func (c *chaos) check(start, end chaosFigures) {
	for _, w := range c.tally.wrong[:min(len(c.tally.wrong), 20)] {
		c.t.Error(w)
	}
	lost := c.tally.unexplained()
	for _, l := range lost[:min(len(lost), 20)] {
		c.t.Errorf("%s got %d, %v after %v, which nothing explains", l.api, l.status, l.err, l.to.Sub(l.from))
	}
	if !end.isFlat(start) {
		c.t.Errorf("the gateway holds %+v at the end, %+v at the start", end, start)
	}
}

func (c *chaos) report(took time.Duration, start, end chaosFigures, samples []chaosFigures) {
	var b strings.Builder
	fmt.Fprintf(&b, "chaos: %v\n\n%-10s %10s %10s %10s  statuses\n", took.Round(time.Second), "api", "requests", "p50", "p99")
	for _, api := range slices.Sorted(maps.Keys(c.tally.apis)) {
		n, all, text := c.tally.apis[api], 0, ""
		for _, status := range slices.Sorted(maps.Keys(n.status)) {
			all += n.status[status]
			text += fmt.Sprintf(" %d: %d", status, n.status[status])
		}
		fmt.Fprintf(&b, "%-10s %10d %10v %10v %s\n", api, all, n.quantile(0.5), n.quantile(0.99), text)
	}
	lost := len(c.tally.unexplained())
	fmt.Fprintf(&b, "\nwrong answers: %d; lost and explained: %d; lost and not explained: %d\n\ninjected\n",
		len(c.tally.wrong), len(c.tally.lost)-lost, lost)
	for _, name := range slices.Sorted(maps.Keys(c.tally.injected)) {
		fmt.Fprintf(&b, "%6d  %s\n", c.tally.injected[name], name)
	}
	highest := start
	for _, s := range samples {
		highest.resident = max(highest.resident, s.resident)
		highest.descriptors = max(highest.descriptors, s.descriptors)
		highest.goroutines = max(highest.goroutines, s.goroutines)
		highest.children = max(highest.children, s.children)
	}
	fmt.Fprintf(&b, "\n%-12s %8s %12s %11s %9s\n", "gateway", "MiB", "descriptors", "goroutines", "children")
	for _, row := range []struct {
		name string
		f    chaosFigures
	}{{"start", start}, {"highest", highest}, {"end", end}} {
		fmt.Fprintf(&b, "%-12s %8d %12d %11d %9d\n", row.name, row.f.resident>>20, row.f.descriptors, row.f.goroutines, row.f.children)
	}
	fmt.Fprint(&b, "\nMiB over time:")
	for i := range 10 {
		if len(samples) > 0 {
			fmt.Fprintf(&b, " %d", samples[i*(len(samples)-1)/9].resident>>20)
		}
	}
	c.t.Logf("%s\n", b.String())
}
