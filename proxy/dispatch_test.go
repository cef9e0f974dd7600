package proxy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

// dispatch returns a plugin that hands every request over to another API.
func dispatch(name string) plugin {
	return at(abi.Pre, func(x *abi.Exchange) error { return x.Dispatch([]byte(name)) })
}

const internalName = "Second API (v2) #internal"

func TestDispatchedRequestArrivesAsItCame(t *testing.T) {
	var loop abi.Loop
	look := at(abi.RateLimit, func(x *abi.Exchange) error { loop = x.Loop; return nil })
	g := two(t, script(t, echoHead), []plugin{dispatch(internalName), seen("a")}, []plugin{look, seen("b")})
	a := ask(t, g, get("/a/x?method=DELETE&loop_limit=1&check_limits=true"))
	if line, _, _ := strings.Cut(a.body, " HTTP"); line != "GET /a/x?method=DELETE&loop_limit=1&check_limits=true" {
		t.Errorf("upstream got %q", line)
	}
	if diff := cmp.Diff([]string{"X-Seen: b"}, linesWith(a.body, "X-Seen")); diff != "" {
		t.Errorf("post hooks that ran (-want +got):\n%s", diff)
	}
	if want := (abi.Loop{Dispatched: 1}); loop != want {
		t.Errorf("loop = %+v, want %+v: the rate limit must count", loop, want)
	}
}

func TestDispatchTakesNoSessionAlong(t *testing.T) {
	var session *abi.Session
	set := at(abi.Auth, func(x *abi.Exchange) error { return x.SetSession(&abi.Session{KeyID: "k"}) })
	away := at(abi.Post, func(x *abi.Exchange) error { return x.Dispatch([]byte("b1")) })
	look := at(abi.Pre, func(x *abi.Exchange) error { session = x.Session; return nil })
	ask(t, two(t, script(t, echoHead), []plugin{set, away}, []plugin{look}), get("/a/x"))
	if session != nil {
		t.Errorf("session = %+v, want none", session)
	}
}

func TestDispatchEndsSomewhere(t *testing.T) {
	for _, name := range []string{"a1", "b1", "nobody"} {
		runs := 0
		count := at(abi.Pre, func(*abi.Exchange) error { runs++; return nil })
		a := ask(t, two(t, script(t, echoHead), []plugin{count, dispatch(name)}, []plugin{count, dispatch("a1")}), get("/a/x"))
		if a.status != 500 || !strings.Contains(a.body, "Can't detect loop target") || runs > 10 {
			t.Errorf("to %s: %d %s after %d runs", name, a.status, a.body, runs)
		}
	}
}
