package page_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/browsertest"
	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/page"
)

// result is a run with all rows, as the command has printed it.
func result(t *testing.T) *bench.Result {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r bench.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func faults(t *testing.T) *page.Faults {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "faults.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	f, err := page.ReadFaults(file)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, r *bench.Result, f *page.Faults) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, r, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPageInABrowser opens the page as people do, in both colour schemes and
// on a telephone.
func TestPageInABrowser(t *testing.T) {
	r, f := result(t), faults(t)
	file := filepath.Join(t.ArtifactDir(), "report.html")
	if err := os.WriteFile(file, []byte(write(t, r, f)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := browsertest.Open(t)
	p.Go("file://" + file)
	drawn := `[...document.querySelectorAll("figure .row:not(.axis) svg")]`
	p.Wait(drawn + ".length > 0")
	// Every row has its dot, inside of its chart, and every chart its axis.
	p.Wait(drawn + `.every(s => [...s.querySelectorAll("circle")].some(c => {
		const d = c.getBoundingClientRect(), b = s.getBoundingClientRect();
		return d.width >= 10 && d.left >= b.left - 1 && d.right <= b.right + 1;
	}))`)
	p.Wait(`document.querySelectorAll("figure").length === 5 &&
		[...document.querySelectorAll("figure")].every(f => f.querySelectorAll(".axis text").length >= 2 && f.querySelector("details table"))`)
	p.Wait(`document.querySelectorAll("#faults tbody td").length === ` + number(len(f.Models)*len(f.Faults)))
	for _, width := range []int64{1280, 360} {
		if wider := p.Resize(width); wider > 0 {
			t.Errorf("at %d pixels the page is %d pixels too wide", width, wider)
		}
		keep(t, "report-"+number(int(width)), p.Picture("report-"+number(int(width))))
	}
	p.Dark()
	p.Resize(1280)
	keep(t, "report-dark", p.Picture("report-dark"))
	if e := p.Errors(); len(e) > 0 {
		t.Errorf("console: %q", e)
	}
}

// keep writes a picture to where go test -artifacts keeps files.
func keep(t *testing.T, name string, png []byte) {
	t.Helper()
	if len(png) < 10_000 {
		t.Errorf("the picture %s has %d bytes: nothing is on it", name, len(png))
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

func number(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func TestPageNeedsNothingFromOutside(t *testing.T) {
	html := write(t, result(t), faults(t))
	for _, forbidden := range []string{"http://", "https://", "<script", "src=", "@import", "url("} {
		if strings.Contains(html, forbidden) {
			t.Errorf("the page has %q in it", forbidden)
		}
	}
}

func TestPageNamesEveryRowInEveryChartItIsIn(t *testing.T) {
	r := result(t)
	html := write(t, r, nil)
	for _, row := range r.Rows {
		// The table of all figures, then four charts with a table each, and
		// the latencies; the memory of what has no instances is not drawn.
		if n := strings.Count(html, ">"+row.Name+"<"); n < 1+2*4+3 {
			t.Errorf("%s is named %d times", row.Name, n)
		}
	}
	if strings.Contains(html, `id="faults"`) {
		t.Error("a page without faults has a section on them")
	}
}

// TestTextOfOthersIsEscaped has markup where text of the machine goes.
func TestTextOfOthersIsEscaped(t *testing.T) {
	r, f := result(t), faults(t)
	r.Machine.CPU, r.Warnings = "<img src=x>", []string{"</p><script>alert(1)</script>"}
	f.Cells[0].Why = "<b>because</b>"
	html := write(t, r, f)
	for _, bad := range []string{"<img src=x>", "<script>", "<b>because"} {
		if strings.Contains(html, bad) {
			t.Errorf("%q went into the page as it is", bad)
		}
	}
}

func TestPageOfAnEmptyResultIsStillAPage(t *testing.T) {
	r := &bench.Result{Hooks: bench.Hooks()[:1]}
	if html := write(t, r, nil); !strings.Contains(html, "</html>") {
		t.Errorf("page = %q", html)
	}
	r.Rows = []bench.Row{{Hook: "headers", Name: "zero"}}
	if html := write(t, r, nil); strings.Contains(html, "NaN") || strings.Contains(html, "Inf") {
		t.Error("a row of zeros has no place on the axis")
	}
}

func TestMissingCellHasNoVerdict(t *testing.T) {
	f := faults(t)
	gone := f.Cells[0]
	f.Cells = f.Cells[1:]
	if c := f.Cell(page.Named{ID: gone.Model}, page.Named{ID: gone.Fault}); c.Shown() != "no verdict" {
		t.Errorf("Cell() = %+v", c)
	}
	if html := write(t, result(t), f); !strings.Contains(html, `<td class="v-">no verdict</td>`) {
		t.Error("the page does not show that a cell is missing")
	}
}

func TestOtherFilesAreNoReportOfFaults(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", `{"models":[{"id":"wasm"}]}`, "not json"} {
		if _, err := page.ReadFaults(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "sallyport faults --json") {
			t.Errorf("ReadFaults(%q) = %v", text, err)
		}
	}
}
