package js_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// short is the deadline of what must run into it.
const short = 100 * time.Millisecond

// attack is a script that does harm in a request with the header field
// X-Attack, and continues otherwise.
type attack struct {
	name, body string
	want       abi.Kind
}

func attacks(server string) []attack {
	return []attack{
		{"endless loop", `for (;;) {}`, abi.Timeout},
		{"loop that catches everything", `for (;;) { try { for (;;) {} } catch (e) {} }`, abi.Timeout},
		{"endless recursion", `(function f() { f(); f(); })();`, abi.Trap},
		{"recursion that is caught", `(function f() { try { f(); } catch (e) { f(); } })();`, abi.Timeout},
		{"memory bomb", `var a = []; while (true) a.push(a.length);`, abi.Limit},
		{"memory bomb that catches", `var a = []; while (true) try { a.push(new Array(1000).fill(1)); } catch (e) {}`, abi.Timeout},
		{"string of 1 GiB", `var s = "x"; while (s.length < (1 << 30)) s += s; request.Body = s;`, abi.Trap},
		{"repeat of 1 GiB", `request.Body = "x".repeat(1 << 30);`, abi.Trap},
		{"buffer of 1 GiB", `request.Body = String(new Uint8Array(1 << 30).length);`, abi.Limit},
		{"catastrophic expression", `/^(a+)+$/.test("a".repeat(64) + "b");`, abi.Timeout},
		{"sort that never ends", `var n = 0; for (;;) [3, 2, 1].sort(function () { return n++ % 3 - 1; });`, abi.Timeout},
		{"log flood", `for (;;) log("x".repeat(1000));`, abi.Timeout},
		{"raw log flood", `for (;;) rawlog("x");`, abi.Timeout},
		{"huge result", `request.Body = "x".repeat(4 << 20);`, abi.Limit},
		{"promise flood", `(function f() { Promise.resolve().then(f); })();`, abi.Timeout},
		{"promise bomb", `for (;;) Promise.resolve().then(function () {});`, abi.Timeout},
		{"slow host call", `TykMakeHttpRequest(JSON.stringify({Domain: "` + server + `", Resource: "/x"}));`, abi.Timeout},
		{"slow host call that is caught", `for (;;) try { JSON.parse(TykMakeHttpRequest(JSON.stringify({Domain: "` + server + `", Resource: "/x"}))); } catch (e) {}`, abi.Timeout},
		{"code made at run time", `for (var i = 0; ; i++) { new Function("return " + i)(); eval("var v" + i); }`, abi.Timeout},
		{"nested data", `JSON.parse("[".repeat(100000) + "]".repeat(100000));`, abi.Trap},
		{"nested data out", `var a = []; for (var i = 0; i < 30000; i++) a = [a]; JSON.stringify(a);`, abi.Trap},
		{"nested source", `eval("(".repeat(100000) + ")".repeat(100000));`, abi.Limit},
		{"nested expression", `new RegExp("(".repeat(100000) + ")".repeat(100000));`, abi.Trap},
		{"chain of prototypes", `var o = {}; for (;;) o = Object.create(o);`, abi.Limit},
		{"number of 10 million digits", `request.Body = String(2n ** 40000000n);`, abi.Trap},
		{"throw in a getter", `request.SetHeaders = {get a() { throw new Error("no"); }};`, abi.Trap},
		{"endless getter", `request.SetHeaders = {get a() { for (;;) {} }};`, abi.Timeout},
		{"error with an endless text", `throw {toString: function () { for (;;) {} }};`, abi.Timeout},
	}
}

// TestAttacksAreContained runs each attack while neighbours are in flight on
// the same plugin. The attack must end with its kind, the neighbours must be
// answered, and afterwards all goes on.
func TestAttacksAreContained(t *testing.T) {
	r := newRuntime(t, wasm.Config{})
	for _, a := range attacks(silent(t)) {
		t.Run(a.name, func(t *testing.T) {
			s := script(t, handler(`if (request.Headers["X-Attack"]) {`+a.body+`} request.SetHeaders["X-Seen"] = "yes";`))
			s.Grants.HTTP = []string{"http://127.0.0.1/*", "http://127.0.0.1:" + port(t, a.body) + "/*"}
			s.Instances.Max = 4
			p := loadIn(t, r, s)
			before := resident()
			strike(t, a, p)
			if after := resident(); after > before+96<<20 {
				t.Errorf("resident memory grew from %d to %d KiB", before>>10, after>>10)
			}
		})
	}
}

// strike runs an attack twice among its neighbours.
func strike(t *testing.T, a attack, p abi.Plugin) {
	t.Helper()
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			x := exchange()
			if _, err := call(p, x, abi.Pre, long); err != nil || header(x, "X-Seen") != "yes" {
				t.Errorf("neighbour %d: Call() = %v", i, err)
			}
		})
	}
	for range 2 {
		calls.Go(func() {
			took, err := a.run(p)
			if err == nil || abi.KindOf(err) != a.want {
				t.Errorf("Call() = %v, want an error of kind %v", err, a.want)
			}
			t.Logf("%v after %v", err, took.Round(time.Millisecond))
		})
	}
	calls.Wait()
	x := exchange()
	if _, err := call(p, x, abi.Pre, long); err != nil || header(x, "X-Seen") != "yes" {
		t.Errorf("afterwards: Call() = %v", err)
	}
}

// run runs the attack, again if it finds no instance before its deadline.
func (a attack) run(p abi.Plugin) (took time.Duration, err error) {
	timeout := long
	if a.want == abi.Timeout {
		timeout = short
	}
	for {
		x := exchange()
		x.BodyLimit = 1 << 20
		x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("X-Attack"), Value: []byte("1")})
		begin := time.Now()
		if _, err = call(p, x, abi.Pre, timeout); err == nil || abi.KindOf(err) != abi.Busy {
			return time.Since(begin), err
		}
	}
}

// silent returns the URL of a server that never answers.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return "http://" + l.Addr().String()
}

// port returns that of the URL in a script, or 1.
func port(t *testing.T, body string) string {
	t.Helper()
	_, after, ok := strings.Cut(body, "http://127.0.0.1:")
	if !ok {
		return "1"
	}
	n, _, _ := strings.Cut(after, `"`)
	return n
}

// resident returns the resident memory of the process, or 0 where that is not
// known.
func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}
