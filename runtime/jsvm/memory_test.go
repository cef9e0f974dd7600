package jsvm_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// alone is the name of a scenario that runs in a process of its own, since it
// might end it.
const alone = "SALLYPORT_JSVM_ALONE"

// scenario is a script that does harm, and what is to become of it.
type scenario struct {
	body   string        // of a request handler
	script func() string // in place of it
	memory int64         // limit, in MiB
	within time.Duration // deadline of the call; 0 is 20 s
	want   []string      // kinds of the error, or done

	bounded bool // the process gets no more than 4 GB of address space
}

// scenarioOf finds a scenario by its name.
func scenarioOf(name string) (scenario, bool) {
	if s, ok := attacks[name]; ok {
		s.within, s.memory = time.Second, 64
		return s, true
	}
	if s, ok := stepScenario(name); ok {
		s.within, s.memory = time.Second, 64
		return s, true
	}
	for _, list := range []map[string]scenario{greedy, deep} {
		if s, ok := list[name]; ok {
			return s, true
		}
	}
	return scenario{}, false
}

// greedy scripts take memory. A step that would take too much throws a RangeError
// before it begins, which is a trap.
var greedy = map[string]scenario{
	"array that grows":     {body: `var a = []; while (true) { a.push({n: a.length}); }`, memory: 64, want: []string{"limit"}},
	"strings in an array":  {body: `var a = [], s = Array(1025).join("x"); while (true) { a.push(s + a.length); }`, memory: 64, want: []string{"limit"}},
	"closures":             {body: `var f = function () {}; while (true) { f = (function (g) { return function () { return g; }; })(f); }`, memory: 64, want: []string{"limit"}},
	"chain of prototypes":  {body: `function F() {} var o = {}; while (true) { F.prototype = o; o = new F(); }`, memory: 64, want: []string{"limit"}},
	"1 GiB by doubling":    {body: `var s = "x"; while (s.length < 1 << 30) { s += s; }`, memory: 64, want: []string{"trap"}},
	"one native step":      {body: `Array(3e6).join("0123456789abcdef0123456789abcdef"); return m.ReturnData(request, {});`, memory: 16, want: []string{"trap"}},
	"garbage, but no more": {body: `for (var i = 0; i < 100000; i++) { var a = [i, i, i]; } return m.ReturnData(request, {});`, memory: 64, want: []string{"done"}},
}

func TestMemoryWatch(t *testing.T) {
	for name, s := range greedy {
		t.Run(name, func(t *testing.T) {
			got := inProcess(t, name)
			t.Log(got)
			if kind, _, _ := strings.Cut(got, " "); !slices.Contains(s.want, kind) {
				t.Errorf("%s, want %v", got, s.want)
			}
		})
	}
}

// inProcess plays a scenario in a process of its own and returns what that
// says: the kind of the error, the time and the memory it took.
func inProcess(t *testing.T, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAlone$")
	cmd.Env = append(os.Environ(), alone+"="+name)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the process died: %v\n%s", err, out[:min(len(out), 600)])
	}
	_, said, _ := bytes.Cut(out, []byte("RESULT "))
	line, _, _ := bytes.Cut(said, []byte("\n"))
	return string(line)
}

// TestAlone is the other process: a program rather than a test, which other
// tests start by name. It has nothing to do among them.
func TestAlone(t *testing.T) {
	name := os.Getenv(alone)
	if name == "" {
		return
	}
	s, ok := scenarioOf(name)
	if !ok {
		t.Fatalf("no scenario is named %s", name)
	}
	if s.bounded {
		if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 4e9, Max: 4e9}); err != nil {
			t.Fatal(err)
		}
	}
	script := handler(s.body)
	if s.script != nil {
		script = s.script()
	}
	r := jsvm.New(jsvm.Config{Memory: s.memory << 20})
	p, err := r.Load(t.Context(), abi.Spec{Entry: "m", Source: write(t, script)})
	if err != nil {
		fmt.Printf("RESULT %v: %s\n", abi.KindOf(err), brief(err))
		return
	}
	x := exchange()
	x.API = &abi.API{Config: fmt.Appendf(nil, `{"silent":%q}`, os.Getenv(silent))}
	before, begun := resident("VmRSS"), time.Now()
	_, err = callWithin(p, x, abi.Pre, cmp.Or(s.within, 20*time.Second))
	took, answered := time.Since(begun), time.Now()
	if err := errors.Join(p.Close(context.Background()), r.Close(context.Background())); err != nil {
		t.Errorf("Close() = %v", err)
	}
	gone := time.Since(answered)
	kind := "done"
	if err != nil {
		kind = abi.KindOf(err).String()
	}
	if _, again := callWithin(load(t, handler(`return m.ReturnData(request, {});`)), exchange(), abi.Pre, 5*time.Second); again != nil {
		t.Errorf("the next call fails: %v", again)
	}
	grown := resident("VmHWM") - before
	fmt.Print(said(kind, took.Round(time.Millisecond), gone.Round(time.Millisecond), grown, brief(err)))
}

func brief(err error) string {
	if err == nil {
		return "no error"
	}
	_, text, _ := strings.Cut(err.Error(), "script.js")
	return text[:min(len(text), 90)]
}

// resident returns a number of MiB of memory of this process: VmRSS, what it
// has, or VmHWM, the most that it ever had.
func resident(which string) (mib int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, which+":"); ok {
			_, _ = fmt.Sscanf(rest, "%d kB", &mib)
		}
	}
	return mib / 1024
}
