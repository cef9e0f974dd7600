package tyk

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// Worries returns the notes of which requests can tell the difference.
func (r *APIReport) Worries() []document.Note {
	var out []document.Note
	for _, n := range r.Notes {
		if !n.Harmless {
			out = append(out, n)
		}
	}
	return out
}

// Print writes the report for people, with headings in bold if color is set.
// Errors are those of w.
func (r *ImportReport) Print(w io.Writer, color bool) error {
	p := &printer{Writer: w, dir: r.Dir}
	if color {
		p.bold, p.plain = "\x1b[1m", "\x1b[0m"
	}
	if len(r.Settings) > 0 {
		p.heading("tyk.conf", "")
		p.notes(r.Settings)
		p.line("")
	}
	for _, a := range r.APIs {
		p.api(a)
	}
	for _, s := range r.Scripts {
		p.script(s)
	}
	return p.err
}

// printer writes lines and remembers the first error.
type printer struct {
	io.Writer
	dir         string
	bold, plain string
	err         error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p, format+"\n", args...)
	}
}

func (p *printer) heading(title, rest string) {
	p.line("%s%s%s%s", p.bold, title, p.plain, rest)
}

// short returns a file as it is named below the folder.
func (p *printer) short(file string) string {
	if rel, err := filepath.Rel(p.dir, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return file
}

func (p *printer) api(a *APIReport) {
	title := a.Name
	if title == "" {
		title = p.short(a.File)
	}
	p.heading(title, "  "+p.short(a.File))
	if a.Skipped != "" {
		p.line("  not served: %s", strings.ReplaceAll(a.Skipped, "\n", "\n    "))
	}
	p.facts(a)
	p.hooks(a.Hooks)
	p.notes(a.Notes)
	p.line("")
}

func (p *printer) facts(a *APIReport) {
	for _, f := range [][2]string{
		{"listens on", a.Listen},
		{"goes to", a.Target},
		{"auth", a.Auth},
		{"versions", strings.Join(a.Versions, ", ")},
		{"built in", strings.Join(a.Steps, ", ")},
		{"runs on", a.runsOn()},
	} {
		if f[1] != "" {
			p.line("  %-11s %s", f[0], f[1])
		}
	}
}

func (r *APIReport) runsOn() string {
	if r.Reason == "" {
		return r.Runtime
	}
	return r.Runtime + ": " + r.Reason
}

// hooks prints a table.
func (p *printer) hooks(all []HookReport) {
	if len(all) == 0 || p.err != nil {
		return
	}
	w := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  hook\tname\tfrom\tfor\n")
	for _, h := range all {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", h.Hook, h.Name, dash(p.short(h.File)), dash(h.On))
		if h.Fault != "" {
			fmt.Fprintf(w, "  \tanswers 500: %s\n", h.Fault)
		}
	}
	p.err = w.Flush()
}

func dash(s string) string {
	if s == "" || s == "." {
		return "-"
	}
	return s
}

// notes prints those that matter one by one, and the others in one line.
func (p *printer) notes(all []document.Note) {
	var harmless []string
	for _, n := range all {
		if n.Harmless {
			harmless = append(harmless, n.Path)
			continue
		}
		pos := n.Pos
		pos.File = p.short(pos.File)
		p.line("  ! %s", n.Path)
		p.line("      %s (%s)", n.Text, pos)
	}
	if len(harmless) > 0 {
		p.line("  without effect here: %s", strings.Join(harmless, ", "))
	}
}

// script prints what is known of one script.
func (p *printer) script(s *ScriptReport) {
	p.heading(p.short(s.Name), "  "+strings.Join(s.APIs, ", "))
	p.line("  %-11s on jsvm: %s; in the sandbox: %s", "runs", s.JSVM, s.Sandbox)
	if s.Syntax != nil {
		p.line("  %-11s %d:%d: %s", "syntax", s.Syntax.Line, s.Syntax.Column, syntaxError(&s.SourceReport))
	}
	var defines, uses []string
	for _, o := range s.Objects {
		defines = append(defines, o.Name)
	}
	for _, u := range s.Uses {
		uses = append(uses, u.Name)
	}
	if len(defines) > 0 {
		p.line("  %-11s %s", "defines", strings.Join(defines, ", "))
	}
	if len(uses) > 0 {
		p.line("  %-11s %s", "uses", strings.Join(uses, ", "))
	}
	for _, f := range s.Findings {
		p.line("  ! line %s: %s", linesOf(f.Lines), f.Text)
		p.line("      jsvm: %s; sandbox: %s", f.JSVM, f.Sandbox)
	}
	p.line("")
}

// linesOf returns the first few numbers of lines.
func linesOf(lines []int) string {
	var b strings.Builder
	for i, n := range lines {
		if i == 5 {
			return b.String() + ", …"
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}

// usedNames are those that are taken.
type usedNames map[string]bool

// maxName is a little less than what the configuration takes.
const maxName = 120

// take returns name, or name with a number where it is taken.
func (n usedNames) take(name string) string {
	free := name
	for i := 2; n[free]; i++ {
		free = name + "." + strconv.Itoa(i)
	}
	n[free] = true
	return free
}

// printable returns s without what a name must not have.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(s), "-"))
	return cut(s, maxName)
}

// slug returns s as part of the name of a plugin or a file.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '.':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	out := cut(strings.Trim(b.String(), "-."), maxName/3)
	if out == "" {
		return "x"
	}
	return out
}

// cut returns at most n bytes of s, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
