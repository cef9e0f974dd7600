package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/config"
)

func recipeDir(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, config.RecipeFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRecipeIsRead(t *testing.T) {
	r, err := config.LoadRecipe(recipeDir(t, `version: 1
name: hello
output: hello.wasm
run:
  - [cc, -c, hello.c]
  - [cc, -o, hello.wasm, hello.o]
env: { LANG: C }
tools: { cc: [clang-19, clang] }
install: "apt install clang-19"
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	var steps [][]string
	for _, words := range r.Steps {
		var step []string
		for _, w := range words {
			step = append(step, w.Value)
		}
		steps = append(steps, step)
	}
	if diff := cmp.Diff([][]string{{"cc", "-c", "hello.c"}, {"cc", "-o", "hello.wasm", "hello.o"}}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"cc": {"clang-19", "clang"}}, r.Tools); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	if r.Name != "hello" || r.Output.Value != "hello.wasm" || r.Env["LANG"] != "C" || r.Install == "" {
		t.Errorf("LoadRecipe() = %+v", r)
	}
}

func TestRecipeWithoutStepsHasNothingToBuild(t *testing.T) {
	r, err := config.LoadRecipe(recipeDir(t, "version: 1\nname: hello\noutput: hello.js\n"), nil)
	if err != nil || len(r.Steps) != 0 {
		t.Errorf("LoadRecipe() = %+v, %v", r, err)
	}
}

func TestMistakesInARecipeHaveAPlace(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", "version: 1\nname: a\noutput: a\nrum: []\n", ":4:1: unknown key `rum` in the recipe. did you mean `run`?"},
		{"no output", "version: 1\nname: a\n", ":1:1: missing `output` in the recipe"},
		{"step without a program", "version: 1\nname: a\noutput: a\nrun: [[]]\n", ":4:7: an entry of `run` names no program"},
		{"step is no list", "version: 1\nname: a\noutput: a\nrun: [cc]\n", ":4:7: an entry of `run` must be a list, not a string"},
		{"tool is no list", "version: 1\nname: a\noutput: a\ntools: { cc: 1 }\n", ":4:14: `cc` must be a list"},
		{"list", "- 1\n", ": the recipe must be a mapping, not a list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.LoadRecipe(recipeDir(t, tt.text), nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("LoadRecipe() = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestMissingRecipeNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	_, err := config.LoadRecipe(dir, nil)
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, config.RecipeFile)+": cannot be read") {
		t.Errorf("LoadRecipe() = %v", err)
	}
}
