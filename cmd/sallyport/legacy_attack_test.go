package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/internal/procstat"
)

// legacyTimeout is the jsvm_timeout of the attacked API.
const legacyTimeout = time.Second

// legacyAttacks are what a script can do to its host. Where engines answer
// differently, status is by engine.
var legacyAttacks = []struct {
	name, code string
	status     map[string]int
	// late says that the engine does the harm in one step that nothing can
	// break off: the answer may come after the deadline, and memory grows.
	late string
	// long says that the attack takes gigabytes of memory to and fro, and is
	// for long tests.
	long bool
}{
	{name: "endless loop", code: "for (;;) {}"},
	{name: "endless recursion", code: "function f() { f(); } f();"},
	{name: "server that never answers", code: `JSON.parse(TykMakeHttpRequest(JSON.stringify({Method: "GET", Domain: "$UPSTREAM", Resource: "/never"})));`},
	{name: "string of 1 GiB", code: "var s = 'x'; while (s.length < 1073741824) { s += s; } request.SetHeaders['X-Length'] = '' + s.length;", late: config.JSVM, long: true},
	{name: "list without end", code: "var a = []; while (true) { a.push('0123456789abcdef' + a.length); }", long: true},
	{name: "/^(a+)+$/", code: "/^(a+)+$/.test(new Array(40).join('a') + 'b');", status: map[string]int{config.JSVM: http.StatusOK}},
}

// TestLegacyScriptsThatDoHarm prints what a client gets, when, and what the
// process takes, for each attack on each engine. After each of them, the same
// API serves.
func TestLegacyScriptsThatDoHarm(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory to and fro")
	}
	var table []string
	for _, engine := range [...]string{config.JSVM, config.Wasm} {
		w := attackedWorld(t, engine)
		for _, a := range legacyAttacks {
			if a.long && !longtest.Enabled() {
				continue
			}
			t.Run(engine+"/"+a.name, func(t *testing.T) {
				grown := watchMemory(t)
				reply := w.ask(t, &acceptanceStep{at: a.name, method: http.MethodGet, path: "/attacked/?attack=" + strconv.Itoa(len(a.code))})
				most := grown()
				want := http.StatusInternalServerError
				if s, ok := a.status[engine]; ok {
					want = s
				}
				if reply.status != want {
					t.Errorf("status %d, want %d: %s\n%s", reply.status, want, reply.body, w.log.String())
				}
				if a.late != engine && reply.took > legacyTimeout+5*time.Second {
					t.Errorf("the answer took %v", reply.took)
				}
				again := w.ask(t, &acceptanceStep{at: a.name, method: http.MethodGet, path: "/attacked/"})
				if again.status != http.StatusOK {
					t.Errorf("the next request gets %d", again.status)
				}
				table = append(table, fmt.Sprintf("%-5s %-26s %d after %7.1f ms, process grew by at most %4d MiB, the next request got %d",
					engine, a.name, reply.status, float64(reply.took.Microseconds())/1e3, most>>20, again.status))
			})
		}
	}
	t.Log("\n" + strings.Join(table, "\n"))
}

// attackedWorld serves one API whose script does what the query asks for.
func attackedWorld(t *testing.T, engine string) *world {
	t.Helper()
	var script strings.Builder
	script.WriteString("hook.NewProcessRequest(function (request, session, spec) {\n    var attack = (request.Params.attack || [''])[0];\n")
	for _, a := range legacyAttacks { // the length of its code names an attack
		fmt.Fprintf(&script, "    if (attack === '%d') { %s }\n", len(a.code), a.code)
	}
	script.WriteString("    return hook.ReturnData(request, {});\n});\n")
	c := &acceptance{id: "attacks", allow: `{ http: ["$UPSTREAM/*"] }`}
	w := newWorld(t, c, engine)
	w.plant(t, append(preAPI("attacked", script.String()),
		txtar.File{Name: "tyk.conf", Data: fmt.Appendf(nil, `{"enable_jsvm": true, "jsvm_timeout": %d}`, int(legacyTimeout.Seconds()))}))
	w.start(t)
	return w
}

// watchMemory looks at the resident memory of the process until the returned
// function is called, which returns by how much it grew at most.
func watchMemory(t *testing.T) (grown func() int64) {
	t.Helper()
	begin := residentNow(t)
	most := begin
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				most = max(most, residentNow(t))
			}
		}
	})
	return func() int64 {
		close(done)
		watching.Wait()
		return max(most, residentNow(t)) - begin
	}
}

func residentNow(t *testing.T) int64 {
	t.Helper()
	n, err := procstat.Resident(0)
	if err != nil && !errors.Is(err, procstat.ErrUnsupported) { // not Linux: the table has no memory then
		t.Error(err)
	}
	return n
}
