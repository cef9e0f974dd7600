// Package page makes one self-contained page of HTML of what the benchmark
// and the containment suite have found.
//
// The charts are drawn here, as SVG whose places are per cent of its width: they
// fit a telephone as well as a wide window, and the page needs no script. Behind
// each chart is the table it was drawn from.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/c386954a/sallyport/internal/compare/bench"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
)

// content is what the template shows.
type content struct {
	Style  template.CSS
	Result *bench.Result
	Hooks  []section
	Faults *Faults
}

// section is one hook.
type section struct {
	Hook   bench.Workload
	Rows   []bench.Row
	Charts []chart
	Noise  bench.Noise
}

// Write writes the page. f may be nil: then the page has no section on faults.
func Write(w io.Writer, r *bench.Result, f *Faults) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"number": number, "maybe": maybe, "signed": signed, "class": class, "percent": percent,
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	p := content{Style: template.CSS(pageStyle), Result: r, Faults: f} //nolint:gosec // our own file
	for _, h := range r.Hooks {
		p.Hooks = append(p.Hooks, newSection(r, h))
	}
	if err := t.Execute(w, &p); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

func newSection(r *bench.Result, h bench.Workload) section {
	s := section{Hook: h}
	for _, row := range r.Rows {
		if row.Hook == h.Name {
			s.Rows = append(s.Rows, row)
		}
	}
	for _, n := range r.Noise {
		if n.Hook == h.Name {
			s.Noise = n
		}
	}
	s.Charts = charts(h.Name, s.Rows)
	return s
}

// number prints a figure with three digits, or all of those before the point.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v > -10 && v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v > -100 && v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(strconv.FormatFloat(v, 'f', 0, 64))
}

// thousands groups the digits of a whole number.
func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return sign + s
}

// maybe prints a figure that may not be there.
func maybe(v *float64) string {
	if v == nil {
		return "–"
	}
	return number(*v)
}

// signed prints a difference.
func signed(v any) string {
	switch d := v.(type) {
	case *float64:
		if d == nil {
			return "–"
		}
		return signed(*d)
	case float64:
		if d > 0 {
			return "+" + number(d)
		}
		return number(d)
	}
	return ""
}

// class makes a name of a style sheet out of any name.
func class(s string) string { return strings.ReplaceAll(s, " ", "-") }

func percent(v float64) string { return number(100*v) + " %" }
