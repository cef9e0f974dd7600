package faults_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/config"
)

// openArena opens an arena for the time of a test.
func openArena(t *testing.T) *faults.Arena {
	t.Helper()
	a, err := faults.OpenArena(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(a.File); !os.IsNotExist(err) {
			t.Errorf("the file is still there: %v", err)
		}
	})
	return a
}

// TestFragmentsMakeAValidConfiguration: every model and fault has an API of
// its own, and every file that a plugin names is there.
func TestFragmentsMakeAValidConfiguration(t *testing.T) {
	s := &faults.Stage{Arena: openArena(t), Command: []string{"/bin/program", "with $dollar"}, Prefix: "x"}
	for _, process := range []string{faults.Process, faults.Bare} {
		models := slices.DeleteFunc(faults.Models(), func(m faults.Model) bool {
			return strings.HasPrefix(m.ID, "coproc") && m.ID != process
		})
		dir := t.TempDir()
		part := s.Fragment(models, faults.Faults())
		text := "version: 1\ncoproc:\n" + part.Coproc + "plugins:\n" + part.Plugins + "apis:\n" + part.APIs
		file := filepath.Join(dir, "sallyport.yaml")
		part.Files["sallyport.yaml"] = []byte(text)
		for name, data := range part.Files {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := config.Load(file, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, m := range models {
			for _, f := range faults.Faults() {
				if !slices.ContainsFunc(c.APIs, func(a *config.APIConfig) bool { return a.Match.Path == faults.Path(m, f) }) {
					t.Errorf("no API at %s", faults.Path(m, f))
				}
			}
		}
		for _, p := range c.Plugins {
			if !strings.HasPrefix(p.Name, "x-") {
				t.Errorf("plugin %s has no prefix", p.Name)
			}
			if p.Source.Value != "" {
				if info, err := os.Stat(p.Source.Value); err != nil || info.Size() == 0 {
					t.Errorf("plugin %s: %v", p.Name, err)
				}
			}
		}
	}
}

func TestEveryFaultIsExplainedForEveryModel(t *testing.T) {
	for _, f := range faults.Faults() {
		if got, ok := faults.FaultByID(f.ID); !ok || got.Title != f.Title {
			t.Errorf("FaultByID(%q) = %v, %v", f.ID, got, ok)
		}
		for _, m := range faults.Models() {
			if text := f.Explain(m.ID); !strings.HasSuffix(text, ".") {
				t.Errorf("%s in %s is not explained: %q", f.ID, m.ID, text)
			}
		}
	}
	if _, ok := faults.FaultByID("none"); ok {
		t.Error("there is a fault that there is not")
	}
	if _, ok := faults.ModelByID("none"); ok {
		t.Error("there is a model that there is not")
	}
}
