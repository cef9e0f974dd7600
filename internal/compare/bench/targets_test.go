package bench_test

import (
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench"
)

// run is a result in which each row adds so much.
func run(added map[string]float64) *bench.Result {
	r := &bench.Result{Hooks: bench.Hooks()[:1]}
	for name, v := range added {
		r.Rows = append(r.Rows, bench.Row{Hook: "headers", Name: name, Added: v, CPU: 20 + v, PluginCPU: v / 2, AloneP50: 100 + v, ColdStart: 30})
	}
	return r
}

func TestTargetsAreComparedTheRightWayRound(t *testing.T) {
	got := bench.Compare(
		run(map[string]float64{"no plugin": 0, "fasthttp forwarder": -1, "wasm c fresh": 3, "jsvm otto": 400, "otto copied, underscore": 3600, "wasm go fresh": 19}),
		run(map[string]float64{"wasm c fresh": 30}),
		run(map[string]float64{"coproc go": 40}),
		&bench.Loops{P99: 12_000}, 60)
	want := map[string]string{ // as printed, without spaces
		"T1": "≤1.15x1.051.05met", "T3": "≤12µs53met", "T4": "≤18µs1019NOTMET", "T5": "≤000met", "T7": "≤8.5x810NOTMET",
		"T8": "≥5x109met", "T10": "≤45µs3040met", "T13": "≤20ms1012met", "T15": "≤80MiB5060met",
	}
	var out strings.Builder
	if err := got.Print(&out); err != nil {
		t.Fatal(err)
	}
	for id, figures := range want {
		found := false
		for line := range strings.Lines(out.String()) {
			squeezed := strings.Join(strings.Fields(line), "")
			found = found || strings.HasPrefix(squeezed, id) && strings.HasSuffix(squeezed, figures)
		}
		if !found {
			t.Errorf("no line %s … %s in\n%s", id, figures, &out)
		}
	}
	// Rows that were not measured have no target, met or not.
	for _, one := range got.Targets {
		if one.ID == "T9" || one.ID == "T11" || one.ID == "T12" {
			t.Errorf("%+v is there without its row", one)
		}
	}
}

// TestLoopsAreToldFromTheOthers has a gateway that keeps a looping request for
// 20 ms and answers 504.
func TestLoopsAreToldFromTheOthers(t *testing.T) {
	o := short(t)
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	l, err := bench.MeasureLoops(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	if l.Looped+l.Others+l.Late != 2000 || l.Looped > 20 || l.LoopedP50 < 20_000 || l.Deadline != 20 {
		t.Errorf("loops = %+v, want 20 of 2,000 requests, 20 ms each", l)
	}
	if files := left(t); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestIdleGatewayHasMemory(t *testing.T) {
	o := short(t)
	mib, err := bench.MeasureIdle(t.Context(), &o)
	if err != nil || mib < 1 || mib > 500 {
		t.Errorf("MeasureIdle() = %v, %v", mib, err)
	}
}

func TestTargetsNeedARunThatWorks(t *testing.T) {
	o := short(t)
	o.Program = "/nowhere/sallyport"
	if _, err := bench.MeasureTargets(t.Context(), o); err == nil || !strings.Contains(err.Error(), o.Program) {
		t.Errorf("MeasureTargets() = %v", err)
	}
	o.Rounds, o.Duration = 1000, time.Millisecond
	if _, err := bench.MeasureTargets(t.Context(), o); err == nil || !strings.Contains(err.Error(), "fewer rounds") {
		t.Errorf("MeasureTargets() = %v", err)
	}
}
