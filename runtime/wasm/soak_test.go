package wasm_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
)

// hooks is how many hooks the soak test runs: 5,000 in the usual way and 2,500 in
// every other, which takes about two seconds together. Long tests run 100,000 in
// each, about two minutes, and a million if SALLYPORT_SOAK is set. New instances
// take milliseconds: a hundredth.
func hooks(w way) int {
	n := 5_000
	switch {
	case os.Getenv("SALLYPORT_SOAK") != "":
		n = 1_000_000
	case underRace:
		n = 2_500
	case longtest.Enabled():
		n = 100_000
	case w.name != "auto" || testing.Short():
		n = 2_500
	}
	if w.anew {
		return n / 100
	}
	return n
}

// act returns what request n does.
func act(n int) string {
	switch {
	case n%2_500 == 1_251:
		return "grow"
	case n%2_500 == 1_751:
		return "panic"
	case n%2_500 == 2_251:
		return "nil"
	case n%1_000 == 501:
		return "gc"
	case n%10 == 7:
		return "goroutines"
	}
	return ""
}

func soakSpec(tb testing.TB, mode abi.Mode) abi.Spec {
	tb.Helper()
	binary, err := goSoak()
	if err != nil {
		tb.Fatal(err)
	}
	s := spec(tb, binary, mode, 1)
	s.Limits.Memory = 64 << 20
	return s
}

func withField(x *abi.Exchange, name, value string) {
	x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte(name), Value: []byte(value)})
}

// TestNoStateSurvivesARequest is the soak test.
func TestNoStateSurvivesARequest(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		n := hooks(w)
		p := loadIn(t, w.runtime(t, nothing()), soakSpec(t, abi.Fresh))
		var before int64
		for i := range n {
			soakOnce(t, p, i)
			if i == n/10 {
				before = resident()
			}
		}
		after := resident()
		t.Logf("%d hooks, resident %d KiB after a tenth of them and %d KiB at the end", n, before>>10, after>>10)
		if after > before+48<<20 {
			t.Errorf("resident memory grew from %d to %d KiB", before>>10, after>>10)
		}
	})
}

func soakOnce(t *testing.T, p abi.Plugin, n int) {
	t.Helper()
	x := exchange()
	what := act(n)
	withField(x, "X-Do", what)
	withField(x, "X-Secret", "secret "+strconv.Itoa(n))
	_, err := call(p, x, abi.Pre, long)
	if breaks := what == "panic" || what == "nil"; breaks != (err != nil) {
		t.Fatalf("request %d (%s): %v", n, what, err)
	}
	if err == nil && header(x, "X-Left") != "nothing" {
		t.Fatalf("request %d (%s) finds %q", n, what, header(x, "X-Left"))
	}
}

// TestEveryRequestIsAnsweredLikeTheFirst soaks the guests of the other SDKs.
func TestEveryRequestIsAnsweredLikeTheFirst(t *testing.T) {
	n := 2_000
	if os.Getenv("SALLYPORT_SOAK") != "" || longtest.Enabled() && !underRace {
		n = 100_000
	}
	for _, source := range []string{headers, headersTS, headersRust} {
		t.Run(filepath.Base(filepath.Dir(source)), func(t *testing.T) {
			each(t, func(t *testing.T, w way) {
				s := headersSpec(abi.Fresh)
				s.Source = source
				p := loadIn(t, w.runtime(t, nothing()), s)
				first := answer(t, p)
				for i := range n {
					if got := answer(t, p); got != first {
						t.Fatalf("request %d is answered with\n%s\nthe first with\n%s", i, got, first)
					}
				}
			})
		})
	}
}

// answer returns what the header hook makes of a request.
func answer(t *testing.T, p abi.Plugin) string {
	t.Helper()
	x := exchange()
	if _, err := call(p, x, abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	return describe(x)
}
