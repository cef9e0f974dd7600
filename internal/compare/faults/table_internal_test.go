package faults

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// everyVerdict is a report with a cell of every verdict.
func everyVerdict() *SuiteReport {
	back, peak := 12345.6, int64(1234<<20)
	r := &SuiteReport{OK: false, CPUs: 2, Took: 61e3, Models: Models(), Faults: Faults()}
	verdicts := []Judgement{Contained, Degraded, ByDesign, NotContained, ""}
	for i, m := range r.Models {
		for _, f := range r.Faults {
			c := Cell{Model: m.ID, Fault: f.ID, Verdict: verdicts[i], Why: "so it is", Back: &back}
			c.Got.Status, c.Got.After, c.Memory.Peak = 504, 12345.6, &peak
			c.Neighbours.SameAPI.Failed, c.Neighbours.OtherAPI.Failed = 999, 99
			if verdicts[i] == "" {
				c = Cell{Model: m.ID, Fault: f.ID, Why: "not measured", Error: "the gateway does not start"}
			}
			r.Cells = append(r.Cells, c)
		}
	}
	return r
}

func TestTheTableFitsAHundredColumns(t *testing.T) {
	var out strings.Builder
	if err := everyVerdict().Print(&out); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > 100 || strings.HasSuffix(line, " ") {
			t.Errorf("%d columns: %q", n, line)
		}
		if strings.Contains(line, "\x1b") {
			t.Errorf("colour without a terminal: %q", line)
		}
	}
}

func TestTheTableSaysEverything(t *testing.T) {
	var out strings.Builder
	if err := everyVerdict().Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\ncoproc-bare: external process, not confined\n",
		"  state leak between requests  504      12.3 s    999 0 0 99  +1234.0 MiB  12.3 s    by design\n    so it is\n",
		"nothing  0.0 ms    0 0 0 0     ?            never     no verdict\n    not measured: the gateway does not start\n",
		"85 cells in 61 s on 2 processors: 17 contained, 17 degraded, 17 by design, 17 not contained\n",
		"NOT OK: ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, &out)
		}
	}
}

func TestVerdictsAreColoured(t *testing.T) {
	f := reportTable{report: everyVerdict(), color: true}
	f.matrix()
	for _, want := range []string{"\x1b[32mcontained\x1b[0m     \x1b[33mdegraded", "\x1b[1;31mnot contained\x1b[0m"} {
		if !strings.Contains(f.text.String(), want) {
			t.Errorf("no %q in %q", want, f.text.String())
		}
	}
}
