package faults_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/compare/faults"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTheJSONOfAReportIsStable: programs read it.
func TestTheJSONOfAReportIsStable(t *testing.T) {
	good, bad := calm(faults.Process, "crash"), calm(faults.Wasm, "kill")
	good.Judge()
	bad.Died, bad.Back, bad.Busy, bad.Processes, bad.Memory = "signal: killed", nil, nil, nil, faults.MemoryUse{Limit: 64 << 20}
	bad.Judge()
	models, all := faults.Models(), faults.Faults()
	report := faults.SuiteReport{
		OS: "linux", Arch: "amd64", CPUs: 2, Took: 1234.5,
		Models: models[:1], Faults: all[:1], Cells: []faults.Cell{*good, *bad},
	}
	got, err := json.MarshalIndent(&report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", "report.json")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("JSON differs (-want +got), rewrite it with -update:\n%s", diff)
	}
}

func TestAReportFindsItsCells(t *testing.T) {
	r := faults.SuiteReport{Cells: []faults.Cell{{Model: "a", Fault: "x"}, {Model: "a", Fault: "y"}}}
	if c := r.Cell("a", "y"); c != &r.Cells[1] {
		t.Errorf("Cell() = %v", c)
	}
	if c := r.Cell("b", "y"); c != nil {
		t.Errorf("Cell() of nobody = %v", c)
	}
}
