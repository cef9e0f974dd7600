package coproc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cases is what every process has to do. Each gets a process of its own.
var cases = []struct {
	name string
	play func(*testing.T, program)
}{
	{"no common version is refused with what is supported", func(t *testing.T, p program) {
		g := start(t, p)
		g.send(initialize(1, `"0.1","99.0"`, 8<<20))
		if a := g.wantCode(1, 4001); !strings.Contains(string(a.Error.Data), `"supported":["1.0"]`) {
			t.Errorf("data is %s", a.Error.Data)
		}
		g.hangUp()
	}},
	{"of two versions the newest common one is picked", func(t *testing.T, p program) {
		g := start(t, p)
		g.send(initialize(1, `"0.9","1.0"`, 8<<20))
		g.wantResult(1, `"protocol":"1.0"`)
		g.wantResult(1, `"hook_name":"conform"`)
		g.hangUp()
	}},
	{"dispatch before initialized is refused", func(t *testing.T, p program) {
		g := start(t, p)
		g.send(dispatch(1, "echo", limit, ""), initialize(2, `"1.0"`, 8<<20), dispatch(3, "echo", limit, ""))
		g.wantCode(1, -32002)
		g.wantCode(3, -32002)
		g.hangUp()
	}},
	{"an unknown method is refused", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(request(10, "api/reticulate", `{}`))
		g.wantCode(10, -32601)
		g.hangUp()
	}},
	{"an unknown notification is met with silence", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(`{"jsonrpc":"2.0","method":"reticulate","params":{"id":2}}`, `{"jsonrpc":"2.0","method":"cancel","params":{"id":77777}}`)
		g.send(request(10, "ping", `{}`))
		g.wantResult(10, "{}")
		g.hangUp()
		if g.count("null")+g.count("") > 0 {
			t.Error("a notification was answered")
		}
	}},
	{"unknown fields are ignored", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(strings.Replace(dispatch(10, "echo", limit, `,"later":{"a":[1,null]}`), `"params":{`, `"extra":[],"params":{"new":1,`, 1))
		g.wantResult(10, `"n10"`)
		g.hangUp()
	}},
	{"a line that is not json is an error and not the end", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(`{"jsonrpc":`, `[]`, ``, `  `, `"x"`, dispatch(10, "echo", limit, ""))
		g.wantCode("null", -32700)
		g.wantResult(10, `"n10"`)
		g.hangUp()
	}},
	{"5000 damaged frames are survived", damaged},
	{"an unknown api and an unknown handler have codes of their own", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "nobody", limit, ""), strings.Replace(dispatch(11, "echo", limit, ""), "conform", "other", 1),
			strings.Replace(loadAPI(12, "echo", ""), "conform", "other", 1))
		g.wantCode(10, 4003)
		g.wantCode(11, 4002)
		g.wantCode(12, 4002)
		g.hangUp()
	}},
	{"an unloaded generation is unknown", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(request(10, "api/unload", `{"api_id":"echo","generation":1}`))
		g.wantResult(10, "{}")
		g.send(dispatch(11, "echo", limit, ""))
		g.wantCode(11, 4003)
		g.hangUp()
	}},
	{"a failing handler is an error answer and harms no other call", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "fail", limit, ""), dispatch(11, "echo", limit, ""))
		g.wantCode(10, -32603)
		g.wantResult(11, `"n11"`)
		g.hangUp()
	}},
	{"a call that hangs holds up no other, is cancelled and answered", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "hang", limit, ""), dispatch(11, "echo", limit, ""))
		g.wantResult(11, `"n11"`)
		if g.count(10) != 0 {
			t.Error("the call that hangs was answered before it was cancelled")
		}
		g.send(cancel(10), cancel(10))
		g.wantCode(10, -32800)
		g.send(cancel(10))
		g.hangUp()
	}},
	{"a deadline ends a call that nobody cancels", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "hang", 20*time.Millisecond, ""))
		g.wantCode(10, -32800)
		g.hangUp()
	}},
	{"10000 ids, 64 in flight, cancels in time, late and twice: each answered once", tenThousand},
	{"a frame of 8 MiB less one byte", func(t *testing.T, p program) {
		const size = 8<<20 - 1
		g := open(t, p)
		frame := dispatch(10, "echo", limit, `,"body":""`)
		frame = strings.Replace(frame, `"body":""`, `"body":"`+strings.Repeat("x", size-len(frame))+`"`, 1)
		if len(frame) != size {
			t.Fatalf("frame of %d bytes", len(frame))
		}
		g.send(frame, dispatch(11, "echo", limit, ""))
		g.wantResult(10, `"n10"`)
		g.wantResult(11, `"n11"`)
		g.hangUp()
	}},
	{"a frame that is too large is refused and skipped", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "echo", limit, `,"body":"`+strings.Repeat("x", 9<<20)+`"`), dispatch(11, "echo", limit, ""))
		g.wantCode("null", -32600)
		g.wantResult(11, `"n11"`)
		g.hangUp()
	}},
	{"an answer larger than the gateway takes is an error answer", func(t *testing.T, p program) {
		g := start(t, p)
		g.send(initialize(1, `"1.0"`, 64<<10), initialized, loadAPI(2, "large", `"append-request-body 00"`))
		g.send(dispatch(10, "large", limit, `,"body":"`+strings.Repeat("x", 30<<10)+`"`))
		g.send(dispatch(11, "large", limit, `,"body":"`+strings.Repeat("x", 100<<10)+`"`))
		g.wantResult(10, "")
		g.wantCode(11, -32603)
		g.hangUp()
	}},
	{"frames split at every byte", func(t *testing.T, p program) {
		g := open(t, p)
		frame := dispatch(0, "echo", limit, `,"body":"\u00e9é€𝄞"`) + "\n"
		for at := 1; at < len(frame); at++ {
			text := dispatch(1000+at, "echo", limit, `,"body":"\u00e9é€𝄞"`) + "\n"
			g.write(text[:at])
			g.write(text[at:])
			g.wantResult(1000+at, fmt.Sprintf(`"n%d"`, 1000+at))
		}
		for _, b := range []byte(dispatch(10, "echo", limit, "") + "\n") {
			g.write(string(b))
		}
		g.wantResult(10, `"n10"`)
		g.hangUp()
	}},
	{"two frames in one write", func(t *testing.T, p program) {
		g := open(t, p)
		g.write(dispatch(10, "echo", limit, "") + "\n" + dispatch(11, "echo", limit, "") + "\n")
		g.wantResult(10, `"n10"`)
		g.wantResult(11, `"n11"`)
		g.hangUp()
	}},
	{"lines that end with carriage return and line feed", func(t *testing.T, p program) {
		g := open(t, p)
		g.write(dispatch(10, "echo", limit, "") + "\r\n\r\n" + dispatch(11, "echo", limit, "") + "\r\n")
		g.wantResult(10, `"n10"`)
		g.wantResult(11, `"n11"`)
		g.hangUp()
		if g.count("null") > 0 {
			t.Error("an empty line was answered")
		}
	}},
	{"line separators of unicode are not the end of a line", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "echo", limit, ",\"body\":\"a\u2028b\u2029c\u0085d\""))
		g.wantResult(10, `"n10"`)
		g.hangUp()
	}},
	{"the end of input in the middle of a frame", func(t *testing.T, p program) {
		g := open(t, p)
		frame := dispatch(10, "echo", limit, "")
		g.write(frame[:len(frame)/2])
		g.hangUp()
		if g.count(10)+g.count("null") > 0 {
			t.Error("half a frame was answered")
		}
	}},
	{"the end of input while handlers run", func(t *testing.T, p program) {
		g := open(t, p)
		for id := range 32 {
			g.send(dispatch(100+id, "hang", limit, ""))
		}
		g.hangUp()
		for id := range 32 {
			if n := g.count(100 + id); n != 1 {
				t.Errorf("call %d has %d answers, want 1", 100+id, n)
			}
		}
	}},
	{"shutdown waits for calls, refuses new ones, and then the input ends", func(t *testing.T, p program) {
		g := open(t, p)
		g.send(dispatch(10, "hang", limit, ""), request(11, "shutdown", `{"grace_ms":5000}`), dispatch(12, "echo", limit, ""))
		g.wantCode(12, 4005)
		if g.count(11) > 0 {
			t.Error("shutdown was answered before the call in flight")
		}
		g.send(cancel(10))
		g.wantCode(10, -32800)
		g.wantResult(11, "{}")
		g.hangUp()
	}},
	{"what a handler prints goes to stderr", func(t *testing.T, p program) {
		g := open(t, p)
		for id := range 20 {
			g.send(dispatch(10+id, "print", limit, ""))
		}
		for id := range 20 {
			g.wantResult(10+id, fmt.Sprintf(`"n%d"`, 10+id))
		}
		g.hangUp()
		if n := strings.Count(g.stderr.String(), "a stray line"); n != 20 {
			t.Errorf("stderr has the line %d times, want 20:\n%s", n, g.stderr.String())
		}
	}},
}

// TestConformance drives the conform process of every SDK.
func TestConformance(t *testing.T) {
	for _, p := range programs(t) {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			for _, c := range cases {
				t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
					c.play(t, p)
				})
			}
		})
	}
}

// tenThousand keeps 64 calls in flight, cancels some of them in time, late,
// twice, or not at all, and wants every id answered exactly once and every
// answer to be its own.
func tenThousand(t *testing.T, p program) {
	const calls, window, first = 10_000, 64, 100
	g := open(t, p)
	r := rand.New(rand.NewPCG(1, 2))
	var pending []int
	cancelled := map[int]bool{}
	settle := func() {
		id := pending[0]
		pending = pending[1:]
		if hangs(id) && !cancelled[id] && r.IntN(2) == 0 {
			g.send(cancel(id)) // or its deadline ends it
			cancelled[id] = true
		}
		g.await(id)
		if r.IntN(8) == 0 {
			g.send(cancel(id)) // late
		}
	}
	for id := first; id < first+calls; id++ {
		if len(pending) == window {
			settle()
		}
		if hangs(id) {
			g.send(dispatch(id, "hang", 50*time.Millisecond, ""))
		} else {
			g.send(dispatch(id, "echo", limit, ""))
		}
		pending = append(pending, id)
		if r.IntN(8) == 0 {
			other := pending[r.IntN(len(pending))]
			g.send(slices.Repeat([]string{cancel(other)}, 1+r.IntN(2))...)
			cancelled[other] = true
		}
	}
	for len(pending) > 0 {
		settle()
	}
	g.hangUp()
	for id := first; id < first+calls; id++ {
		wantOwn(t, g, id, cancelled[id])
	}
	t.Logf("%d calls answered once, %d of them cancelled", calls, len(cancelled))
}

// hangs says which calls of tenThousand do.
func hangs(id int) bool { return id%50 == 0 }

func wantOwn(t *testing.T, g *gateway, id int, cancelled bool) {
	t.Helper()
	if n := g.count(id); n != 1 {
		t.Fatalf("call %d has %d answers", id, n)
	}
	a := g.await(id)
	if a.Error != nil {
		if a.Error.Code != -32800 || !hangs(id) && !cancelled {
			t.Fatalf("call %d: %+v", id, a.Error)
		}
		return
	}
	if hangs(id) || !strings.Contains(string(a.Result), `"n`+strconv.Itoa(id)+`"`) {
		t.Fatalf("call %d has the answer %s", id, a.Result)
	}
}

// damaged sends frames with bytes changed, taken out and put in. Whatever they
// mean, if anything, the process goes on.
func damaged(t *testing.T, p program) {
	g := open(t, p)
	r := rand.New(rand.NewPCG(3, 4))
	sound := []string{
		dispatch(1_000_000, "echo", 50*time.Millisecond, `,"body":"{\"a\":[1,2.5e3,null]}"`), loadAPI(1_000_000, "other", `"fail"`),
		cancel(1_000_000), request(1_000_000, "ping", `{}`), dispatch(1_000_000, "hang", time.Millisecond, ""),
	}
	for i := range 5000 {
		b := []byte(strings.ReplaceAll(sound[i%len(sound)], "1000000", strconv.Itoa(1_000_000+i)))
		for range 1 + r.IntN(3) {
			b = damage(r, b)
		}
		g.write(string(b) + "\n")
		if i%50 == 0 {
			g.send(request(100+i, "ping", `{}`))
			g.wantResult(100+i, "{}")
		}
	}
	g.send(dispatch(10, "echo", limit, ""))
	g.wantResult(10, `"n10"`)
	g.exit() // a damaged id may be that of another frame
}

func damage(r *rand.Rand, b []byte) []byte {
	const bytes = "{}[]\",:\\0129-.eE+ntfu \x00\x7f\xff\r"
	at, c := r.IntN(len(b)), bytes[r.IntN(len(bytes))]
	switch r.IntN(3) {
	case 0:
		b[at] = c
	case 1:
		b = slices.Delete(b, at, at+1)
	default:
		b = slices.Insert(b, at, c)
	}
	return b
}
