package native

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

// newKeeper returns a guest that was granted keys, and its store.
func newKeeper(t *testing.T, patterns ...string) (*fakeGuest, *fakeKV) {
	t.Helper()
	kv := newKV()
	g, _ := newGuestWith(t, abi.Spec{Grants: abi.Grants{KV: patterns}}, Config{KV: kv}, abi.Pre)
	return g, kv
}

// incr calls kv_incr and returns the sum.
func (g *fakeGuest) incr(key string, delta, ttl int64) (sum, code int64) {
	code = g.do("kv_incr", key, bufferAt, delta, ttl)
	b, _ := g.module.Memory().Read(bufferAt, 8)
	return int64(binary.LittleEndian.Uint64(b)), code
}

func TestValuesAreKept(t *testing.T) {
	g, _ := newKeeper(t, "*")
	if got := g.read("kv_get", "k"); got != "(not found)" {
		t.Errorf("kv_get() = %q before anything was kept", got)
	}
	for _, c := range []struct {
		name string
		args []any
		want int64
		then string
	}{
		{"kv_set", []any{"k", "one", int64(0)}, 0, "one"},
		{"kv_set_if_absent", []any{"k", "two", int64(0)}, 0, "one"},
		{"kv_del", []any{"k"}, 0, "(not found)"},
		{"kv_del", []any{"k"}, 0, "(not found)"},
		{"kv_set_if_absent", []any{"k", "two", int64(0)}, 1, "two"},
		{"kv_set", []any{"k", "", int64(0)}, 0, ""},
	} {
		if got := g.do(c.name, c.args...); got != c.want {
			t.Errorf("%s%v = %d, want %d", c.name, c.args, got, c.want)
		}
		if got := g.read("kv_get", "k"); got != c.then {
			t.Errorf("kv_get() after %s = %q, want %q", c.name, got, c.then)
		}
	}
}

func TestValuesEndWithTheirTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newKeeper(t, "*")
		g.do("kv_set", "k", "v", int64(1500))
		g.incr("n", 1, 1500)
		time.Sleep(1499 * time.Millisecond)
		if sum, _ := g.incr("n", 1, 1500); g.read("kv_get", "k") != "v" || sum != 2 {
			t.Error("a value ended before its time")
		}
		time.Sleep(time.Millisecond)
		if sum, _ := g.incr("n", 1, 1500); g.read("kv_get", "k") != "(not found)" || sum != 1 {
			t.Error("a value lives on after its time")
		}
	})
}

func TestNumbersAreAddedTo(t *testing.T) {
	g, _ := newKeeper(t, "*")
	for _, c := range []struct{ delta, want int64 }{{5, 5}, {-7, -2}, {math.MaxInt64, math.MaxInt64 - 2}} {
		if sum, code := g.incr("n", c.delta, 0); sum != c.want || code != 0 {
			t.Errorf("kv_incr(%d) = %d and code %d, want %d", c.delta, sum, code, c.want)
		}
	}
	if _, code := g.incr("n", 3, 0); code != int64(CodeInvalid) {
		t.Errorf("kv_incr() beyond the range = %d, want invalid", code)
	}
	g.do("kv_set", "text", "seven", int64(0))
	if _, code := g.incr("text", 1, 0); code != int64(CodeInvalid) {
		t.Errorf("kv_incr() of text = %d, want invalid", code)
	}
	if got := g.read("kv_get", "text"); got != "seven" {
		t.Errorf("text became %q", got)
	}
}

func TestOnlyGrantedKeysAreReached(t *testing.T) {
	g, kv := newKeeper(t, "tenant:*", "exact")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(kv.Memory.Set(time.Time{}, []byte("secret"), []byte("s"), 0))
	for key, want := range map[string]int64{
		"tenant:": 0, "tenant:7": 0, "exact": 0,
		"tenant": int64(CodeDenied), "Tenant:7": int64(CodeDenied), "exactly": int64(CodeDenied),
		"secret": int64(CodeDenied), "": int64(CodeInvalid), strings.Repeat("t", 257): int64(CodeInvalid),
	} {
		_, incr := g.incr(key, 1, 0)
		for name, got := range map[string]int64{
			"kv_set": g.do("kv_set", key, "1", int64(0)), "kv_del": g.do("kv_del", key), "kv_incr": incr,
		} {
			if got != want {
				t.Errorf("%s(%.10q) = %d, want %d", name, key, got, want)
			}
		}
		if want == int64(CodeDenied) && g.read("kv_get", key) != "(denied)" {
			t.Errorf("kv_get(%q) is not denied", key)
		}
	}
	if value, _, _, _ := kv.Memory.Get(time.Time{}, []byte("secret")); string(value) != "s" {
		t.Error("a key that was not granted changed")
	}
}

func TestValuesAndTimesHaveLimits(t *testing.T) {
	g, _ := newKeeper(t, "*")
	g.module.Memory().WriteString(0, "k")
	set := func(size uint64, ttl int64) int64 {
		return g.raw("kv_set", []uint64{0, 1, 0, size, uint64(ttl)})
	}
	for _, c := range []struct {
		size uint64
		ttl  int64
		want Code
	}{
		{64 << 10, 0, 0},
		{1, math.MaxInt64 / 1_000_000, 0},
		{1, -1, CodeInvalid},
		{1, math.MaxInt64/1_000_000 + 1, CodeInvalid},
	} {
		if got := set(c.size, c.ttl); got != int64(c.want) {
			t.Errorf("kv_set() of %d bytes for %d ms = %d, want %d", c.size, c.ttl, got, c.want)
		}
	}
	large, _ := newLargeGuest(t, abi.Spec{Grants: abi.Grants{KV: []string{"*"}}})
	if got := large.raw("kv_set", []uint64{0, 1, 0, 64<<10 + 1, 0}); got != int64(CodeLimit) {
		t.Errorf("kv_set() of more than 64 KiB = %d, want limit", got)
	}
}

func TestAStoreThatFailsIsUnavailable(t *testing.T) {
	g, kv := newKeeper(t, "*")
	for _, c := range []struct {
		err  error
		code string
		kind abi.Kind
	}{
		{store.ErrUnavailable, "(unavailable)", abi.Unavailable},
		{errDown, "(unavailable)", abi.Unavailable},
		{store.ErrFull, "(limit)", abi.Limit},
	} {
		kv.fail = func(time.Time) error { return c.err }
		if got := g.read("kv_get", "k"); got != c.code {
			t.Errorf("kv_get() = %q after %v, want %s", got, c.err, c.code)
		}
		if got := abi.KindOf(g.call.Refused()); got != c.kind {
			t.Errorf("the fault of a guest that breaks off is %v after %v, want %v", got, c.err, c.kind)
		}
	}
}

func TestAHangingStoreEndsAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, kv := newKeeper(t, "*")
		kv.fail = hangs
		deadline := g.call.Exchange().Deadline
		if got := g.read("kv_get", "k"); got != "(timeout)" || !time.Now().Equal(deadline) {
			t.Errorf("kv_get() = %q at %v, want a timeout at %v", got, time.Now(), deadline)
		}
		kv.fail = func(time.Time) error { t.Error("the store was asked after the deadline"); return nil }
		if got := g.do("kv_set", "k", "v", int64(0)); got != int64(CodeTimeout) {
			t.Errorf("kv_set() after the deadline = %d, want timeout", got)
		}
		if abi.KindOf(g.call.Refused()) != abi.Timeout {
			t.Errorf("the fault is %v, want a timeout", g.call.Refused())
		}
	})
}

func TestACallWithoutADeadlineHasTheTimeoutOfThePlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kv := newKV()
		kv.fail = hangs
		s := abi.Spec{Grants: abi.Grants{KV: []string{"*"}}, Limits: abi.Limits{Timeout: time.Second}}
		g, x := newGuestWith(t, s, Config{KV: kv}, abi.Pre)
		start := time.Now()
		x.Begin(abi.Pre, time.Time{})
		g.call.Begin(x)
		if got := g.read("kv_get", "k"); got != "(timeout)" || time.Since(start) != time.Second {
			t.Errorf("kv_get() = %q after %v, want a timeout after a second", got, time.Since(start))
		}
	})
}
