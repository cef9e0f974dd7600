package plugintool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
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

	want     fixture.Played
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
	f.want = fixture.Played{
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

// load returns the configuration that the fixture is played with.
func (f *fixtureFile) load(file string, lookup func(string) (string, bool)) (cfg *config.Config, err error) {
	if len(f.yaml) > 0 {
		// The name is for messages, its folder for the paths in the section.
		cfg, err = config.Parse(file+" in "+filepath.Base(f.path), f.yaml, lookup)
	} else {
		cfg, err = config.Load(file, lookup)
	}
	if err != nil || len(f.config) == 0 {
		return cfg, err
	}
	for _, api := range cfg.APIs {
		api.Config = f.config
	}
	return cfg, nil
}

// findFixtures returns the fixtures that an argument names: one file, or those
// of a folder and of the folder tests in it.
func findFixtures(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return fixturesIn(arg)
	case strings.HasSuffix(arg, fixtureEnd):
		return []string{arg}, nil
	}
	return nil, fmt.Errorf("%s is neither a folder nor a test: tests end in %s", arg, fixtureEnd)
}

func fixturesIn(dir string) (paths []string, err error) {
	for _, folder := range []string{dir, filepath.Join(dir, "tests")} {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), fixtureEnd) {
				paths = append(paths, filepath.Join(folder, e.Name()))
			}
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no tests: there is no *%s in %s or in %s", fixtureEnd, dir, filepath.Join(dir, "tests"))
	}
	return paths, nil
}

// configOf finds the configuration in a folder, or above a file.
func configOf(arg string) (string, error) {
	if info, err := os.Stat(arg); err != nil || info.IsDir() {
		return filepath.Join(arg, config.DefaultFile), err
	}
	dir := filepath.Dir(arg)
	for range 3 {
		file := filepath.Join(dir, config.DefaultFile)
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		dir = filepath.Join(dir, "..")
	}
	return "", fmt.Errorf("%s: there is no %s beside it or above: name one with -c", arg, config.DefaultFile)
}
