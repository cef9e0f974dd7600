package telemetry_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
)

// kept returns what a registry keeps, sorted.
func kept(r *telemetry.Registry) (all []string) {
	for m := range r.All() {
		all = append(all, fmt.Sprint(m.Name, " ", m.Gauge, " ", m.Labels, " ", m.Value))
	}
	slices.Sort(all)
	return all
}

func labels(pairs ...string) (all []abi.Label) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, abi.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return all
}

func TestLabelsInAnotherOrderAreTheSameSeries(t *testing.T) {
	r := telemetry.Registry{Max: 8}
	for i, l := range [][]abi.Label{labels("a", "1", "b", "2"), labels("b", "2", "a", "1")} {
		s, err := r.Make([]byte{byte('0' + i)}, abi.Metric{Name: "hits", Labels: l})
		if err != nil {
			t.Fatal(err)
		}
		s.Record(1)
		if r.Find([]byte{byte('0' + i)}) != s {
			t.Error("Find() does not return the series that was made for the key")
		}
	}
	if got, want := kept(&r), []string{"hits false [{a 1} {b 2}] 2"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}

func TestCountersAddUpWithoutOverflow(t *testing.T) {
	r := telemetry.Registry{Max: 8}
	for range 3 {
		if err := r.Record(abi.Metric{Name: "hits", Value: math.MaxFloat64}); err != nil {
			t.Fatal(err)
		}
	}
	for m := range r.All() {
		if m.Value != math.MaxFloat64 {
			t.Errorf("value = %v, want the largest number", m.Value)
		}
	}
}

func TestARegistryRefusesWithAReason(t *testing.T) {
	r := telemetry.Registry{Max: 1}
	for _, c := range []struct {
		metric abi.Metric
		want   string
	}{
		{abi.Metric{Name: "x"}, ""},
		{abi.Metric{Name: "x_total", Gauge: true}, `metric name "x_total": exporters append _total`},
		{abi.Metric{Name: "x_total"}, "exporters append _total"},
		{abi.Metric{Name: "X"}, `metric name "X"`},
		{abi.Metric{Name: "x", Value: -1}, "metric x: a counter cannot fall"},
		{abi.Metric{Name: "x", Value: math.NaN()}, "not a finite number"},
		{abi.Metric{Name: "x", Labels: labels("plugin", "p")}, `label name "plugin" is reserved`},
		{abi.Metric{Name: "x", Labels: labels("__a", "p")}, `label name "__a" is reserved`},
		{abi.Metric{Name: "x", Labels: labels("a", "1", "a", "2")}, "label a is there twice"},
		{abi.Metric{Name: "x", Labels: labels("a", "\xff")}, "not UTF-8"},
		{abi.Metric{Name: "x", Labels: labels("a", strings.Repeat("v", 129))}, "longer than 128 bytes"},
		{abi.Metric{Name: "x", Labels: labels(strings.Repeat("a", 33), "")}, "want at most 32 of"},
		{abi.Metric{Name: "x", Labels: labels("a", "", "b", "", "c", "", "d", "", "e", "")}, "has 5 labels"},
	} {
		err := r.Record(c.metric)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Record(%v) = %v, want %q", c.metric, err, c.want)
		}
	}
	if err := r.Record(abi.Metric{Name: "y"}); !errors.Is(err, telemetry.ErrTooMany) {
		t.Errorf("Record() of one too many = %v, want %v", err, telemetry.ErrTooMany)
	}
	if got := kept(&r); len(got) != 1 {
		t.Errorf("kept %q, want x alone", got)
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	r := telemetry.Registry{Max: 1}
	key := []byte("key")
	if _, err := r.Make(key, abi.Metric{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { r.Find(key).Record(1) }); n != 0 {
		t.Errorf("Find allocates %v times", n)
	}
}
