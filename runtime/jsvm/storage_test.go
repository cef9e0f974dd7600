package jsvm_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
	"github.com/c386954a/sallyport/store"
)

func TestTykStorage(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"absent", `TykStorageGet("k")`, "null"},
		{"set", `[TykStorageSet("k", "v"), TykStorageGet("k")]`, ",v"},
		{"bytes", `[TykStorageSet("k", b64dec("/wA=")), b64enc(TykStorageGet("k"))]`, ",/wA="},
		{"number", `[TykStorageSet(7, 8), TykStorageGet("7")]`, ",8"},
		{"setnx", `[TykStorageSetNX("k", "a"), TykStorageSetNX("k", "b"), TykStorageGet("k")]`, "true,false,a"},
		{"del", `[TykStorageSet("k", "a"), TykStorageDel("k"), TykStorageDel("k"), TykStorageGet("k") === null]`, ",,,true"},
		{"ttl absent", `TykStorageTTL("k")`, "-2"},
		{"ttl never", `[TykStorageSet("k", "a", 0), TykStorageTTL("k")]`, ",-1"},
		{"ttl", `[TykStorageSet("k", "a", 100), TykStorageTTL("k") > 98, TykStorageTTL("k") <= 100]`, ",true,true"},
		{"ttl text", `[TykStorageSet("k", "a", "100"), TykStorageTTL("k") > 98]`, ",true"},
		{"incr", `[TykStorageIncr("k"), TykStorageIncr("k"), typeof TykStorageIncr("k"), TykStorageTTL("k")]`, "1,2,string,-1"},
		{"incr ttl", `[TykStorageIncr("k", 50), TykStorageIncr("k", 500), TykStorageTTL("k") <= 50]`, "1,2,true"},
		{"long key", `[TykStorageSet(Array(257).join("k"), "a"), TykStorageGet(Array(257).join("k")), TykStorageGet(Array(256).join("k"))]`, ",a,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := says(t, jsvm.Config{Values: store.NewMemory()}, "", c.script); got != c.want {
				t.Errorf("%s = %q, want %q", c.script, got, c.want)
			}
		})
	}
}

func TestTykStorageThrows(t *testing.T) {
	for _, script := range []string{
		`TykStorageGet("")`, `TykStorageGet(Array(258).join("k"))`,
		`TykStorageSet("k", Array(65538).join("v"))`,
		`TykStorageSet("k", "v", -1)`, `TykStorageSet("k", "v", 1.5)`, `TykStorageSet("k", "v", "soon")`, `TykStorageSet("k", "v", 1e300)`,
		`TykStorageSet("k", "v") || TykStorageIncr("k")`,
	} {
		got := says(t, jsvm.Config{Values: store.NewMemory()}, "",
			`(function () { try { return "no error: " + (`+script+`); } catch (e) { return e.name + ": " + e.message; } })()`)
		if !strings.HasPrefix(got, "Error: TykStorage") {
			t.Errorf("%s gives %q, want an Error", script, got)
		}
	}
}

// down is a store that is not there.
type down struct{ jsvm.Values }

var errDown = errors.New("store is down")

func (down) Get(time.Time, []byte) ([]byte, time.Time, bool, error) {
	return nil, time.Time{}, false, errDown
}

func TestAStoreThatIsDownThrows(t *testing.T) {
	for name, c := range map[string]jsvm.Config{"down": {Values: down{}}, "none": {}} {
		for _, f := range []string{"Get", "TTL"} {
			got := says(t, c, "", `(function () { try { return TykStorage`+f+`("k"); } catch (e) { return "thrown " + e; } })()`)
			if !strings.HasPrefix(got, "thrown Error") {
				t.Errorf("%s: TykStorage%s = %q, want an error", name, f, got)
			}
		}
	}
}

func TestScriptsDoNotReachTheKeysOfOthers(t *testing.T) {
	m := store.NewMemory()
	if err := m.Set(time.Time{}, []byte("tenant:1"), []byte("secret"), 0); err != nil {
		t.Fatal(err)
	}
	if got := says(t, jsvm.Config{Values: m}, "", `[TykStorageGet("tenant:1"), TykStorageSet("tenant:1", "x")]`); got != "," {
		t.Errorf("got %q, want null", got)
	}
	if value, _, _, _ := m.Get(time.Time{}, []byte("tenant:1")); string(value) != "secret" {
		t.Errorf("the value of another plugin became %q", value)
	}
}

func TestOnlyOneSetNXClaimsAKey(t *testing.T) {
	p := loadSpec(t, jsvm.Config{Values: store.NewMemory()}, abi.Spec{Entry: "m", Instances: abi.Instances{Max: 8}},
		handler(`request.SetHeaders["X-Claimed"] = String(TykStorageSetNX("k", "v")); return m.ReturnData(request, {});`))
	var calls sync.WaitGroup
	claimed := make(chan string, 8)
	for range 8 {
		calls.Go(func() {
			x := exchange()
			if _, err := call(t, p, x, abi.Pre); err != nil {
				t.Error(err)
			}
			claimed <- field(x.Request.Header, "X-Claimed")
		})
	}
	calls.Wait()
	close(claimed)
	n := 0
	for c := range claimed {
		if c == "true" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d calls claimed the key, want 1", n)
	}
}

// slow waits until the deadline it was given.
type slow struct {
	jsvm.Values
	got chan time.Duration
}

func (s slow) Get(deadline time.Time, _ []byte) ([]byte, time.Time, bool, error) {
	left := time.Until(deadline)
	s.got <- left
	timer := time.NewTimer(left)
	defer timer.Stop()
	<-timer.C
	return nil, time.Time{}, false, store.ErrUnavailable
}

func TestASlowStoreEndsWithTheDeadline(t *testing.T) {
	s := slow{got: make(chan time.Duration, 1)}
	p := loadSpec(t, jsvm.Config{Values: s}, abi.Spec{Entry: "m"},
		handler(`try { TykStorageGet("k"); } catch (e) {} return m.ReturnData(request, {});`))
	_, err := callWithin(p, exchange(), abi.Pre, 2*short)
	if abi.KindOf(err) != abi.Timeout {
		t.Errorf("Call() = %v, want timeout", err)
	}
	if left := <-s.got; left > 2*short {
		t.Errorf("the store had %v, want no more than the call", left)
	}
}
