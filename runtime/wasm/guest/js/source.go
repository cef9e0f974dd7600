package js

import (
	"errors"
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
)

// scriptFile is one source of a plugin.
type scriptFile struct {
	name string // in messages
	text []byte
}

// scriptFiles are the files of a plugin.
type scriptFiles struct {
	files   []scriptFile // in the order in which they run
	preload *scriptFile  // runs before the functions of the gateway exist; or nil
}

// all returns the files in the order in which they run.
func (s *scriptFiles) all() []scriptFile {
	if s.preload == nil {
		return s.files
	}
	return append([]scriptFile{*s.preload}, s.files...)
}

// main returns the name of the file that messages are about if nothing more is
// known.
func (s *scriptFiles) main() string { return s.files[len(s.files)-1].name }

var errDigestOfMany = errors.New("sha256 is for one file, and there are several")

// readSources reads the files of a plugin and checks the digest of a single
// one.
func readSources(s abi.Spec, limit int64) (all scriptFiles, err error) {
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

func readFile(name string, limit int64, digest string) (scriptFile, error) {
	text, err := artifact.Read(name, limit, digest)
	if err != nil {
		return scriptFile{}, fmt.Errorf("%s: %w", name, err)
	}
	return scriptFile{name: name, text: text}, nil
}
