package tyk

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// readAPIs imports every definition, in the order of the files' names.
func (i *importer) readAPIs(ctx context.Context) {
	files, err := i.definitionFiles()
	if err != nil {
		i.problem(err)
		return
	}
	for _, file := range files {
		if ctx.Err() != nil {
			return
		}
		i.readAPI(ctx, file)
	}
	if len(i.report.APIs) == 0 && len(i.problems) == 0 {
		i.problems = append(i.problems, document.Problem{Pos: document.Pos{File: i.appDir()}, Text: "there are no API definitions here (*.json)"})
	}
}

func (i *importer) appDir() string { return i.shown(i.resolve(i.dir, i.settings.AppPath)) }

// definitionFiles returns the definitions of the tree. Of an OAS API, Tyk keeps
// a classic file beside the document: the document counts.
func (i *importer) definitionFiles() ([]string, error) {
	dir := i.resolve(i.dir, i.settings.AppPath)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fileProblem(i.appDir(), err)
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !e.IsDir() {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return slices.DeleteFunc(files, func(file string) bool {
		stem, oas := strings.CutSuffix(file, "-oas.json")
		return !oas && slices.Contains(files, strings.TrimSuffix(file, ".json")+"-oas.json") || stem == ""
	}), nil
}

// readAPI imports one definition. What is wrong with it is a problem of the
// whole import, or the reason to leave it out.
func (i *importer) readAPI(ctx context.Context, file string) {
	r := &APIReport{File: i.shown(file)}
	i.report.APIs = append(i.report.APIs, r)
	a := &api{importer: i, report: r, pos: document.Pos{File: r.File}}
	root, err := i.parse(file)
	if err == nil {
		err = a.decode(root)
	}
	if err == nil {
		a.convert(ctx)
		err = a.err()
	}
	if err != nil {
		a.fail(err)
		return
	}
	a.commit()
}

// decode reads a definition of either format.
func (a *api) decode(root *document.Value) (err error) {
	a.root = root
	var notes []document.Note
	a.report.Format = definition.FormatOf(root)
	if a.d, notes, err = definition.Decode(root); err != nil {
		return err
	}
	a.pos = root.Pos
	for _, n := range notes {
		if n.Opens && !a.waives(n.Key) {
			a.problemf(n.Pos, "%s %s%s", n.Path, n.Text, waiveHint(n.Key))
			continue
		}
		if n.Opens {
			n.Text += " (waived)"
		}
		a.report.Notes = append(a.report.Notes, n)
	}
	return nil
}

// fail leaves the API out, or fails the import.
func (a *api) fail(err error) {
	a.report.Skipped = err.Error()
	if !a.Lenient {
		a.problem(err)
	}
}
