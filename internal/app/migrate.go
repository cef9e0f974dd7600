package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk"
)

// MigrateTyk imports a folder of Tyk's files, loads every plugin, and writes
// the configuration to a file, in this order: a file that is written works.
// Without a file, nothing is written. Scripts that are in no file go to a
// folder beside it; without a file, a migration that is only to be reported
// has a folder that is removed in the end, and any other has none.
//
// The result may have a report also after an error.
func MigrateTyk(
	ctx context.Context, c tyk.Config, file string, reported bool, lookup func(string) (string, bool),
) (*tyk.Imported, error) {
	if _, err := os.Lstat(file); file != "" && err == nil {
		return nil, fmt.Errorf("%s is there already, and nothing is overwritten: remove it, or name another file", file)
	}
	scratch, done, err := scratchFolder(file, reported)
	if err != nil {
		return nil, err
	}
	defer done()
	c.Base, c.Scratch = filepath.Dir(file), scratch // Dir("") is "."
	result, err := ImportTyk(ctx, c)
	if err == nil {
		err = checkTyk(ctx, cmp.Or(file, "imported"), result, lookup)
	}
	if err == nil && file != "" {
		err = os.WriteFile(file, result.YAML, 0o644) //nolint:gosec // it holds no secrets: keys stay in their file
	}
	return result, err
}

// scratchFolder returns the folder for scripts without a file, and what to do
// with it in the end.
func scratchFolder(file string, reported bool) (dir string, done func(), err error) {
	switch {
	case file != "":
		dir = strings.TrimSuffix(file, filepath.Ext(file)) + ".scripts"
		// A bundle that was unpacked before may have changed since.
		return dir, func() {}, os.RemoveAll(filepath.Join(dir, "bundles"))
	case !reported:
		return "", func() {}, nil
	}
	if dir, err = os.MkdirTemp("", "sallyport-tyk-"); err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// checkTyk reads the imported text back, under the name of the file that it is
// written to, and loads all plugins, unless they need a process that is not
// there. Plugins that are not loaded, and may be missing, go to the report.
func checkTyk(ctx context.Context, file string, result *tyk.Imported, lookup func(string) (string, bool)) error {
	cfg, err := config.Parse(file, result.YAML, lookup)
	if err != nil {
		return withOrigins(err, result.Origins)
	}
	if result.NeedsProcess {
		return nil
	}
	warnings, problems := Check(ctx, cfg).Warnings()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, w := range warnings {
		_, rest, _ := strings.Cut(w.Text, " ")
		name, why, _ := strings.Cut(rest, " is not loaded: ")
		result.Report.Fault(name, why)
	}
	if len(problems) > 0 {
		return withOrigins(problems, result.Origins)
	}
	return nil
}
