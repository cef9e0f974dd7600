package scaffold_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/plugintool/scaffold"
)

// every runs a test for each language.
func every(t *testing.T, f func(t *testing.T, l scaffold.Language, files map[string][]byte)) {
	t.Helper()
	for _, l := range scaffold.Languages() {
		t.Run(l.Name, func(t *testing.T) {
			files, err := scaffold.Files("my-plugin", l)
			if err != nil {
				t.Fatal(err)
			}
			f(t, l, files)
		})
	}
}

func TestFolderIsComplete(t *testing.T) {
	every(t, func(t *testing.T, l scaffold.Language, files map[string][]byte) {
		source := strings.ReplaceAll(l.Source, "NAME", "my-plugin")
		for _, name := range []string{source, "README.md", "plugin.yaml", "sallyport.yaml", ".gitignore", "tests/answers.txtar"} {
			if len(files[name]) == 0 {
				t.Errorf("no %s", name)
			}
		}
		for name, data := range files {
			if strings.HasPrefix(name, "sallyport/") {
				continue
			}
			if bytes.Contains(data, []byte("{{")) || bytes.Contains(data, []byte("<no value>")) || strings.Contains(name, "NAME") || strings.HasSuffix(name, ".tmpl") {
				t.Errorf("%s is not filled in:\n%s", name, data)
			}
		}
	})
}

func TestFolderCanBeReadByTheProgram(t *testing.T) {
	every(t, func(t *testing.T, l scaffold.Language, files map[string][]byte) {
		dir := t.TempDir()
		if _, err := scaffold.Write(dir, files); err != nil {
			t.Fatal(err)
		}
		recipe, err := config.LoadRecipe(dir, nil)
		if err != nil || recipe.Output.Value != l.For("my-plugin", l.Output) || l.Built() != (len(recipe.Steps) > 0) || l.Built() != (recipe.Install != "") {
			t.Errorf("LoadRecipe() = %+v, %v", recipe, err)
		}
		if _, err := config.Parse("sallyport.yaml", files["sallyport.yaml"], nil); err != nil {
			t.Errorf("sallyport.yaml: %v", err)
		}
	})
}

// TestGoSDKsAreModulesInAPluginsFolder vets the copy of each Go SDK with the Go
// version of its go.mod, which is older than that of the gateway.
func TestGoSDKsAreModulesInAPluginsFolder(t *testing.T) {
	for _, c := range []struct{ language, goos, goarch string }{
		{"go", "wasip1", "wasm"},
		{"go", runtime.GOOS, runtime.GOARCH},
		{"go-coproc", runtime.GOOS, runtime.GOARCH},
	} {
		t.Run(c.language+" on "+c.goos, func(t *testing.T) {
			l, err := scaffold.Find(c.language)
			if err != nil {
				t.Fatal(err)
			}
			files, err := scaffold.Files("my-plugin", l)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			paths, err := scaffold.Write(dir, files)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range paths {
				if strings.HasPrefix(p, "sallyport/") && strings.HasSuffix(p, "_test.go") {
					t.Errorf("%s: a plugin needs no tests of the SDK", p)
				}
			}
			cmd := exec.CommandContext(t.Context(), "go", "vet", ".")
			cmd.Dir = filepath.Join(dir, "sallyport")
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOOS="+c.goos, "GOARCH="+c.goarch)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("go vet: %v\n%s", err, text)
			}
		})
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := scaffold.Files("a", scaffold.Languages()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.Write(dir, files); err == nil || !strings.Contains(err.Error(), readme) {
		t.Errorf("Write() = %v, want an error that names %s", err, readme)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d entries in the folder, %v: want the one that was there", len(entries), err)
	}
}

func TestPathsAreSorted(t *testing.T) {
	paths, err := scaffold.Write(t.TempDir(), map[string][]byte{"b/c": nil, "a": nil, "b/a": nil})
	if want := []string{"a", "b/a", "b/c"}; err != nil || !slices.Equal(paths, want) {
		t.Errorf("Write() = %v, %v, want %v", paths, err, want)
	}
}

func TestNames(t *testing.T) {
	for name, valid := range map[string]bool{
		"a": true, "hello": true, "hello-2": true, "a-b-c": true,
		"": false, "Hello": false, "2a": false, "a--b": false, "-a": false, "a-": false, "a_b": false, "a b": false,
		"../a": false, "a/b": false, "sallyport": false, "core": false, "é": false, strings.Repeat("a", 49): false,
	} {
		if err := scaffold.CheckName(name); (err == nil) != valid {
			t.Errorf("CheckName(%q) = %v, want valid = %v", name, err, valid)
		}
	}
}

func TestLanguagesAreFoundByTheirAliases(t *testing.T) {
	for alias, want := range map[string]string{"go": "go", "TypeScript": "ts", "rs": "rust", "C": "c"} {
		if l, err := scaffold.Find(alias); err != nil || l.Name != want {
			t.Errorf("Find(%s) = %s, %v, want %s", alias, l.Name, err, want)
		}
	}
	if _, err := scaffold.Find("cobol"); err == nil || err.Error() != `no language "cobol": use go, c, ts, rust, js, python, node or go-coproc` {
		t.Errorf("Find(cobol) = %v", err)
	}
}
