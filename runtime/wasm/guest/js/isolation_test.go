package js_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// polluting is a script that leaves what it sees wherever it can, and says
// whether anything was left there.
const polluting = `
	var seen = [], count = 0, list = [], kept = {};
	class Counter { static n = 0; }
	let hidden = (function () { let n = 0; return function () { return n++; }; })();` + "\n"

const pollute = `
	request.SetHeaders["X-Said"] = [seen.length, count, list.length, Object.keys(kept).length, Counter.n, hidden(),
		typeof globalThis.leak, typeof Object.prototype.leak, typeof session.leak, typeof spec.leak, typeof _.leak,
		typeof TykJS.leak, Array.prototype.push.length, Math.max(1, 2), log.leak].join();
	seen.push(request.Headers["X-Id"][0]); count++; list[100] = 1; kept[request.Headers["X-Id"][0]] = 1; Counter.n++;
	globalThis.leak = 1; leak2 = 1; session.leak = spec.leak = _.leak = TykJS.leak = log.leak = 1;
	Array.prototype.push = function (a, b, c) {}; Math.max = function () { return 99; };
	Object.prototype.leak = 1;
	if (count > 1) throw new Error("state of another request");`

const untouched = "0,0,0,0,0,0,undefined,undefined,undefined,undefined,undefined,undefined,1,2,"

// TestNoStatePassesBetweenRequests calls one plugin 10,000 times from many
// goroutines at once, or 1,000 times unless long tests were asked for.
func TestNoStatePassesBetweenRequests(t *testing.T) {
	requests := 10_000
	if !longtest.Enabled() {
		requests = 1_000
	}
	p := loadIn(t, newRuntime(t, wasm.Config{}), script(t, polluting+handler(pollute)))
	ids := make(chan int)
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for id := range ids {
				x := exchange()
				x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("X-Id"), Value: []byte(strconv.Itoa(id))})
				if _, err := call(p, x, abi.Pre, long); err != nil || header(x, "X-Said") != untouched {
					t.Errorf("request %d: %v, saw %s", id, err, header(x, "X-Said"))
					break
				}
			}
			for range ids { // let the others end
			}
		})
	}
	for id := range requests {
		ids <- id
	}
	close(ids)
	callers.Wait()
}

// TestAPooledPluginKeepsItsState is the mode for those who want that.
func TestAPooledPluginKeepsItsState(t *testing.T) {
	s := script(t, "var count = 0;\n"+handler(`request.SetHeaders["X-Said"] = String(++count) + typeof session.leak; session.leak = 1;`))
	s.Instances = abi.Instances{Mode: abi.Pooled, Max: 1}
	p := loadIn(t, newRuntime(t, wasm.Config{}), s)
	for n := range 3 {
		x := exchange()
		if _, err := call(p, x, abi.Pre, long); err != nil || header(x, "X-Said") != strconv.Itoa(n+1)+"undefined" {
			t.Errorf("call %d: %v, said %q", n, err, header(x, "X-Said"))
		}
	}
}

// TestAPooledPluginDoesNotGrow frees what each call has made.
func TestAPooledPluginDoesNotGrow(t *testing.T) {
	s := script(t, handler(`request.Body = request.Body + log.length + b64dec(b64enc("x".repeat(1000)));`))
	s.Instances, s.Limits.Memory = abi.Instances{Mode: abi.Pooled, Max: 1}, 8<<20
	p := loadIn(t, newRuntime(t, wasm.Config{}), s)
	requests := 3_000
	if !longtest.Enabled() {
		requests = 500
	}
	var early uint64
	for n := range requests {
		x := exchange()
		x.Request.Body = make([]byte, 20_000) // more than the buffer for it
		if _, err := call(p, x, abi.Pre, long); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		if n == 100 {
			early = p.(abi.Reporter).Status().Memory
		}
	}
	if late := p.(abi.Reporter).Status().Memory; late > early+256<<10 {
		t.Errorf("memory grew from %d to %d KiB", early>>10, late>>10)
	}
}
