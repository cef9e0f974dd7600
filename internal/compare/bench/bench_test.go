package bench_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/config"
)

func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		name              string
		values            []float64
		median, deviation float64
	}{
		{"none", nil, 0, 0},
		{"one", []float64{3}, 3, 0},
		{"even", []float64{4, 1, 3, 2}, 2.5, 1},
		{"an outlier moves neither", []float64{1, 2, 3, 4, 1000}, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := slices.Clone(c.values)
			if m, d := bench.Median(c.values), bench.Deviation(c.values); m != c.median || d != c.deviation {
				t.Errorf("median %v, deviation %v, want %v and %v", m, d, c.median, c.deviation)
			}
			if !slices.Equal(before, c.values) {
				t.Errorf("the values were changed to %v", c.values)
			}
		})
	}
	if d := bench.Differences([]float64{3, 5, 9}, []float64{1, 1}); !slices.Equal(d, []float64{2, 4}) {
		t.Errorf("Differences() = %v", d)
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	var o bench.Options
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	if o.Duration != 12*time.Second || o.Rounds != 60 || o.Chain != 1 || o.Concurrency != 16 || !slices.Equal(o.Hooks, []string{"headers"}) {
		t.Errorf("options = %+v", o)
	}
	if !slices.Equal(o.Selected(), bench.RowNames()) {
		t.Errorf("rows = %v, want all", o.Selected())
	}
	q := bench.Options{Rounds: 5}.Quick()
	if q.Rounds != 5 || q.Duration != time.Second {
		t.Errorf("Quick() = %+v, want what was set to stay", q)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		o    bench.Options
		want string
	}{
		{"hook", bench.Options{Hooks: []string{"nothing"}}, `no hook "nothing"; there are headers, json, auth, response`},
		{"row", bench.Options{Rows: []string{"wasm", "cobol"}}, `no row matches "cobol"; there are no plugin, `},
		{"empty row", bench.Options{Rows: []string{""}}, `no row matches ""`},
		{"chain of auth", bench.Options{Hooks: []string{"auth"}, Chain: 2}, "takes one plugin"},
		{"long chain", bench.Options{Chain: 33}, "at most 32"},
		{"connections", bench.Options{Concurrency: 1025}, "at most 1024"},
		{"rounds", bench.Options{Rounds: 1001}, "at most 1000"},
		{"slices", bench.Options{Duration: time.Millisecond}, "take fewer rounds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.o.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Validate() = %v, want %q", err, c.want)
			}
		})
	}
}

func TestRowsAreSelectedByWords(t *testing.T) {
	for _, c := range []struct {
		terms []string
		want  string
	}{
		{[]string{"wasm c"}, "wasm c fresh; wasm c pooled"},
		{[]string{"go fresh", "NODE"}, "wasm go fresh; coproc node"},
		{[]string{"pooled"}, "wasm c pooled; wasm assemblyscript pooled; wasm rust pooled; wasm go pooled"},
		{[]string{"no plugin"}, ""},
	} {
		o := bench.Options{Rows: c.terms}
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		want := "no plugin; no plugin, again"
		if c.want != "" {
			want += "; " + c.want
		}
		if got := strings.Join(o.Selected(), "; "); got != want {
			t.Errorf("rows of %q = %s, want %s", c.terms, got, want)
		}
	}
}

// TestEveryRowOfTheIssueIsThere holds the table to what was promised.
func TestEveryRowOfTheIssueIsThere(t *testing.T) {
	names := strings.Join(bench.RowNames(), "\n")
	for _, want := range []string{
		"no plugin", "native go", "wasm c fresh", "wasm c pooled", "wasm assemblyscript fresh", "wasm assemblyscript pooled",
		"wasm rust fresh", "wasm rust pooled", "wasm go fresh", "wasm go pooled", "wasm javascript fresh",
		"jsvm otto", "otto copied", "goja fresh", "coproc go", "coproc node", "coproc python", "fasthttp forwarder",
	} {
		if !strings.Contains(names, want) {
			t.Errorf("there is no row %s", want)
		}
	}
}

// TestConfigurationsAreValid reads what each row is served with, for every
// hook and for a chain.
func TestConfigurationsAreValid(t *testing.T) {
	for _, row := range bench.RowNames() {
		if row == "fasthttp forwarder" {
			continue // has none
		}
		for _, h := range bench.Hooks() {
			chain := 3
			if h.Name == "auth" {
				chain = 1
			}
			file, err := bench.Configuration(t.TempDir(), "/bin/$ally port", row, h.Name, chain)
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(file, nil)
			if err != nil {
				t.Errorf("%s, %s: %v", row, h.Name, err)
				continue
			}
			want := chain
			if strings.HasPrefix(row, "no plugin") {
				want = 0
			}
			if len(cfg.Plugins) != want {
				t.Errorf("%s, %s: %d plugins, want %d", row, h.Name, len(cfg.Plugins), want)
			}
			if row == "coproc go" && cfg.Coproc.Command[0].Value != "/bin/$ally port" {
				t.Errorf("command = %v", cfg.Coproc.Command)
			}
		}
	}
}

// TestJSONHasTheMembersThatOthersRead is the form of the result: a member that
// goes is a new [bench.Schema].
func TestJSONHasTheMembersThatOthersRead(t *testing.T) {
	text, err := json.Marshal(&bench.Result{Rows: []bench.Row{{Latency: []bench.Latency{{}}}}, Noise: []bench.Noise{{}}})
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Rows  []map[string]any
		Noise []map[string]any
	}
	var top map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		of   map[string]any
		want string
	}{
		{"result", top, "hooks machine noise not_measured options rows schema started took_s version warnings"},
		{
			"row", r.Rows[0], "added_cpu_us added_cpu_us_deviation allocs_per_request alone_p50_us bytes_per_request chain cold_start_ms " +
				"cpu_us_gateway cpu_us_max cpu_us_min cpu_us_per_request cpu_us_plugin gateway_memory_mib guest hook instances latency " +
				"load_ms memory_per_instance_kib mode model name p50_us p99_us rps rps_max rps_min",
		},
		{
			"latency", r.Rows[0]["latency"].([]any)[0].(map[string]any),
			"added_p50_us added_p999_us added_p99_us late p50_us p999_us p99_us percent rate requests",
		},
		{"noise", r.Noise[0], "added_cpu_us floor_us hook spread"},
	} {
		if d := cmp.Diff(strings.Fields(c.want), slices.Sorted(maps.Keys(c.of))); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestServeAnswersUntilItsInputEnds(t *testing.T) {
	var out bytes.Buffer
	err := bench.Serve(strings.NewReader("state\nstate\n"), &out, bench.Ready{Address: "a:1"}, func(s *bench.State) { s.Calls = 7 })
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(&out)
	var ready bench.Ready
	var first, second bench.State
	for _, into := range []any{&ready, &first, &second} {
		if err := dec.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	if ready.Address != "a:1" || first.Calls != 7 || second.Mallocs < first.Mallocs || first.Mallocs == 0 {
		t.Errorf("%+v %+v %+v", ready, first, second)
	}
}

func TestTableHasAllRowsAndWarnings(t *testing.T) {
	text, err := os.ReadFile("../page/testdata/result.json")
	if err != nil {
		t.Fatal(err)
	}
	var r bench.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	r.Skipped = []bench.Skipped{{Hook: "headers", Name: "coproc ruby", Reason: "ruby is not installed"}}
	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if n := strings.Count(out.String(), "\n  "+row.Name+" "); n != 2 && row.Name != "no plugin" {
			t.Errorf("%s is in %d tables, want 2", row.Name, n)
		}
	}
	for _, want := range []string{"WARNING: headers", "not measured: headers, coproc ruby: ruby is not installed", "machine: linux/amd64", "noise: headers"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestTimeLeftGrowsWithWhatStepsHaveTaken(t *testing.T) {
	if d := bench.Left(100*time.Second, 25*time.Second, 50*time.Second); d != 150*time.Second {
		t.Errorf("a quarter in 50 s leaves %v, want 2m30s", d)
	}
	if d := bench.Left(time.Second, 0, time.Second); d != 0 {
		t.Errorf("without a step %v are left", d)
	}
}
