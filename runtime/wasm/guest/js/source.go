package js

import (
	"errors"
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
)

// file is one source of a plugin.
type file struct {
	name string // in messages
	text []byte
}

// sources are the files of a plugin.
type sources struct {
	files   []file // in the order in which they run
	preload *file  // runs before the functions of the gateway exist; or nil
}

// all returns the files in the order in which they run.
func (s *sources) all() []file {
	if s.preload == nil {
		return s.files
	}
	return append([]file{*s.preload}, s.files...)
}

// main returns the name of the file that messages are about if nothing more is
// known.
func (s *sources) main() string { return s.files[len(s.files)-1].name }

var errDigestOfMany = errors.New("sha256 is for one file, and there are several")

// readSources reads the files of a plugin and checks the digest of a single
// one.
func readSources(s abi.Spec, limit int64) (all sources, err error) {
	names := s.Sources
	if len(names) == 0 {
		names = []string{s.Source}
	}
	if len(names) > 1 && s.SHA256 != "" {
		return all, errDigestOfMany
	}
	for _, name := range names {
		f, err := readFile(name, limit, s.SHA256)
		if err != nil {
			return all, err
		}
		all.files = append(all.files, f)
	}
	if s.Preload != "" {
		f, err := readFile(s.Preload, limit, "")
		if err != nil {
			return all, err
		}
		all.preload = &f
	}
	return all, nil
}

func readFile(name string, limit int64, digest string) (file, error) {
	text, err := artifact.Read(name, limit, digest)
	if err != nil {
		return file{}, fmt.Errorf("%s: %w", name, err)
	}
	return file{name: name, text: text}, nil
}
