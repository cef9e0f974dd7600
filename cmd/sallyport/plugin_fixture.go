package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/fixture"
)

const fixtureEnd = ".txtar"

// fixtureFile is one file with a request and what must become of it.
type fixtureFile struct {
	fixture.Case

	path  string
	name  string
	data  []byte
	about string // the comment at its top

	want     fixture.Outcome
	complete bool   // both messages that are expected are there
	config   []byte // config data of the APIs; nil leaves that of the configuration
	yaml     []byte // a configuration of its own; nil: that of the folder

	err error // the file cannot be played
}

// readFixture reads one file. What is wrong with it is kept in err.
func readFixture(path string) *fixtureFile {
	f := &fixtureFile{path: path, name: strings.TrimSuffix(filepath.Base(path), fixtureEnd)}
	if f.data, f.err = os.ReadFile(path); f.err != nil {
		return f
	}
	s := fixture.Split(f.data)
	f.about, _, _ = strings.Cut(s.Comment, "\n")
	f.Request = s.Message("request", nil)
	f.UpstreamReply = s.Message("upstream.reply", []byte("HTTP/1.1 200\n"))
	f.complete = s.Has("upstream") && s.Has("reply")
	f.want = fixture.Outcome{
		Upstream: s.Message("upstream", []byte("none\n")),
		Reply:    s.Message("reply", []byte{}),
	}
	f.config = s.JSON("config.json", []byte{})
	f.yaml = s.Take("sallyport.yaml", []byte{})
	f.Session = session(s)
	f.err = s.Err()
	return f
}

// session reads who is asking, for hooks that run after the auth hook.
func session(s *fixture.Sections) *abi.Session {
	if !s.Has("session.json") {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(s.Take("session.json", nil)))
	d.DisallowUnknownFields()
	var out abi.Session
	if err := d.Decode(&out); err != nil {
		s.Fail("session.json", err)
	}
	return &out
}

// sameSetup reports whether two fixtures can be played on one loaded plugin.
func (f *fixtureFile) sameSetup(g *fixtureFile) bool {
	return bytes.Equal(f.config, g.config) && bytes.Equal(f.yaml, g.yaml)
}

// findFixtures returns the configuration and the fixtures that an argument
// names: one file, or those of a folder and of the folder tests in it.
func findFixtures(arg string) (configFile string, fixtures []string, err error) {
	info, err := os.Stat(arg)
	if err != nil {
		return "", nil, err
	}
	if !info.IsDir() {
		configFile, err = configOf(arg)
		return configFile, []string{arg}, err
	}
	for _, folder := range []string{arg, filepath.Join(arg, "tests")} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(folder), "*"+fixtureEnd))
		if err != nil {
			return "", nil, err
		}
		slices.Sort(found)
		fixtures = append(fixtures, found...)
	}
	if len(fixtures) == 0 {
		return "", nil, fmt.Errorf("no tests: there is no *%s in %s or in %s", fixtureEnd, arg, filepath.Join(arg, "tests"))
	}
	return filepath.Join(arg, defaultConfig), fixtures, nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// configOf finds the configuration beside a fixture, or in a folder above.
func configOf(path string) (string, error) {
	dir := filepath.Dir(path)
	for range 3 {
		file := filepath.Join(dir, defaultConfig)
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		dir = filepath.Join(dir, "..")
	}
	return "", errors.New(path + ": there is no " + defaultConfig + " beside it or above: name one with -c")
}
