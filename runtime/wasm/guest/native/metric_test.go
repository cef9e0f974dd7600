package native

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/abi"
)

// measured returns what the guests of a host measured, sorted.
func measured(h *Host) []string {
	var all []string
	for m := range h.Metrics() {
		all = append(all, fmt.Sprint(m.Name, " ", m.Gauge, " ", m.Labels, " ", m.Value))
	}
	slices.Sort(all)
	return all
}

func TestCountersAddUpAndGaugesAreSet(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	hit := listOf(fields("outcome", "hit"))
	for _, c := range []struct {
		name string
		args []any
	}{
		{"metric_add", []any{"lookups", hit, 1.0}},
		{"metric_add", []any{"lookups", hit, 0.5}},
		{"metric_add", []any{"lookups", listOf(fields("outcome", "miss")), 2.0}},
		{"metric_set", []any{"lookups", "", 9.0}},
		{"metric_set", []any{"lookups", "", -3.0}},
	} {
		if got := g.do(c.name, c.args...); got != 0 {
			t.Errorf("%s%q = %d, want 0", c.name, c.args, got)
		}
	}
	want := []string{"lookups false [{outcome hit}] 1.5", "lookups false [{outcome miss}] 2", "lookups true [] -3"}
	if got := measured(g.call.host); !slices.Equal(got, want) {
		t.Errorf("measured %q, want %q", got, want)
	}
}

func TestMetricsThatExportersCannotWriteAreInvalid(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	label := func(pairs ...string) string { return listOf(fields(pairs...)) }
	for _, c := range []struct {
		what, name, labels string
		value              float64
		want               Code
	}{
		{"no name", "", "", 1, CodeInvalid},
		{"capital", "Hits", "", 1, CodeInvalid},
		{"digit first", "2xx", "", 1, CodeInvalid},
		{"suffix of exporters", "hits_total", "", 1, CodeInvalid},
		{"long name", strings.Repeat("n", 65), "", 1, CodeInvalid},
		{"falling counter", "hits", "", -1, CodeInvalid},
		{"no number", "hits", "", math.NaN(), CodeInvalid},
		{"infinite", "hits", "", math.Inf(1), CodeInvalid},
		{"label of exporters", "hits", label("plugin", "x"), 1, CodeInvalid},
		{"reserved label", "hits", label("__name__", "x"), 1, CodeInvalid},
		{"label twice", "hits", label("a", "1", "a", "2"), 1, CodeInvalid},
		{"label value that is no text", "hits", label("a", "\xff"), 1, CodeInvalid},
		{"long label value", "hits", label("a", strings.Repeat("v", 129)), 1, CodeInvalid},
		{"five labels", "hits", label("a", "", "b", "", "c", "", "d", "", "e", ""), 1, CodeInvalid},
		{"broken list", "hits", "\x01", 1, CodeInvalid},
		{"huge labels", "hits", strings.Repeat("x", 1025), 1, CodeLimit},
	} {
		if got := g.do("metric_add", c.name, c.labels, c.value); got != int64(c.want) {
			t.Errorf("%s: metric_add() = %d, want %d", c.what, got, c.want)
		}
	}
	if got := measured(g.call.host); len(got) != 0 {
		t.Errorf("measured %q, want nothing", got)
	}
}

func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	add := func(i int) int64 {
		g.used = 0
		return g.do("metric_add", "hits", listOf(fields("user", fmt.Sprint(i))), 1.0)
	}
	for i := range maxSeries {
		if got := add(i); got != 0 {
			t.Fatalf("series %d = %d, want 0", i, got)
		}
	}
	if got := add(maxSeries); got != int64(CodeLimit) {
		t.Errorf("one series too many = %d, want limit", got)
	}
	if got := add(0); got != 0 {
		t.Errorf("a series that exists = %d, want 0", got)
	}
}

func TestInstancesMeasureTogether(t *testing.T) {
	first, _ := newGuest(t, abi.Spec{}, abi.Pre)
	first.module.Memory().WriteString(0, "hits")
	var wg sync.WaitGroup
	for range 4 {
		g := *first
		g.call = first.call.host.NewCall()
		g.ctx = g.call.Context(t.Context())
		g.call.Begin(newExchange(abi.Pre))
		wg.Go(func() {
			for range 1000 {
				g.raw("metric_add", []uint64{0, 4, 0, 0, math.Float64bits(1)})
			}
		})
	}
	wg.Wait()
	if got := measured(first.call.host); !slices.Equal(got, []string{"hits false [] 4000"}) {
		t.Errorf("measured %q, want 4000 hits", got)
	}
}
