package config

import (
	"os"
	"path/filepath"
	"slices"
)

// RecipeFile is the name of the file that says how a plugin is built.
const RecipeFile = "plugin.yaml"

// Recipe is how the plugin of one folder is built.
type Recipe struct {
	File string // path as given to LoadRecipe
	Name string

	// Output is the file that a build makes, relative to the folder.
	Output Text
	// Steps are the commands, in order, program first. They run in the
	// folder. There are none where nothing has to be built.
	Steps [][]Text
	Env   map[string]string // set for the commands
	// Tools maps the first words of steps to the programs that will do, the
	// first that is found. One with a slash is relative to the folder. A word
	// that is not here stands for itself.
	Tools map[string][]string
	// Install says what to install when a program is missing.
	Install string
}

// LoadRecipe reads how the plugin in a folder is built.
//
// An error is always of type [Problems].
func LoadRecipe(dir string, lookup func(string) (string, bool)) (*Recipe, error) {
	file := filepath.Join(dir, RecipeFile)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, Problems{newProblem(Pos{File: file}, "make a plugin with `sallyport plugin new`",
			"cannot be read: "+reason(err))}
	}
	r := newReader(file, lookup)
	recipe := r.recipe(data)
	if err := r.problems.err(); err != nil {
		return nil, err
	}
	return recipe, nil
}

func (r *reader) recipe(data []byte) *Recipe {
	n := r.document(data)
	if n == nil || !r.want(n, "the recipe", mapping) {
		return nil
	}
	f := r.fields(n, Pos{r.file, 1, 1}, "the recipe")
	defer f.done()
	r.version(f)
	return &Recipe{
		File:    r.file,
		Name:    f.need("name", "name the plugin").Value,
		Output:  f.need("output", "name the file that the build makes"),
		Steps:   f.steps(),
		Env:     f.environment("env"),
		Tools:   f.tools(),
		Install: f.text("install", "").Value,
	}
}

// steps reads a list of commands.
func (f *fields) steps() [][]Text {
	n := f.take("run")
	if n == nil || !f.want(n, label("run"), list) {
		return nil
	}
	var all [][]Text
	for _, item := range n.items {
		if !f.want(item, "an entry of "+label("run"), list) {
			continue
		}
		words := f.textsOf(item.items, "run")
		if len(words) == 0 {
			f.problemf(item.pos, "write the program and its arguments: `[cc, -o, out, in.c]`",
				"an entry of %s names no program", label("run"))
			continue
		}
		all = append(all, words)
	}
	return all
}

// tools reads the names that programs go by.
func (f *fields) tools() map[string][]string {
	n := f.take("tools")
	if n == nil || !f.want(n, label("tools"), mapping) {
		return nil
	}
	tools := make(map[string][]string, len(n.entries))
	m := f.fields(n, n.pos, label("tools"))
	for _, e := range n.entries {
		if names := m.strings(e.key); len(names) > 0 {
			tools[e.key] = slices.Clip(names)
		}
	}
	return tools
}
