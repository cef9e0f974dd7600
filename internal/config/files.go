package config

import (
	"errors"
	"os"
	"slices"
)

var (
	errIsFolder  = errors.New("it is a folder")
	errNotFolder = errors.New("it is not a folder")
)

// files reports the files that the configuration names and that are not there.
func (r *reader) files(c *Config) {
	if c.TLS != nil {
		r.mustExist(c.TLS.Cert, "certificate", isFile)
		r.mustExist(c.TLS.Key, "key", isFile)
	}
	r.mustExist(c.Store.Keys, "file of keys", isFile)
	if c.Coproc != nil {
		r.mustExist(c.Coproc.Dir, "folder of the process", isFolder)
		r.grantsExist(c.Coproc.Sandbox)
	}
	for _, p := range c.Plugins {
		r.sourcesExist(p)
	}
}

// sourcesExist leaves out a plugin that may be broken: its calls will be.
func (r *reader) sourcesExist(p *PluginConfig) {
	if p.Lenient {
		return
	}
	files := p.Sources
	if files == nil {
		files = []Text{p.Source}
	}
	for _, t := range files {
		r.mustExist(t, "source of plugin "+quote(p.Name), isFile)
	}
	r.mustExist(p.Preload, "preload of plugin "+quote(p.Name), isFile)
}

// grantsExist reports what the process is granted and is not there: a grant of
// nothing is most likely misspelled.
func (r *reader) grantsExist(s *Sandbox) {
	if s == nil {
		return
	}
	anything := func(os.FileInfo) error { return nil }
	for _, t := range slices.Concat(s.Read, s.Write, s.Exec) {
		r.mustExist(t, "what the process is granted", anything)
	}
}

// mustExist reports a path that is not what it should be.
func (r *reader) mustExist(path Text, what string, check func(os.FileInfo) error) {
	if path.Value == "" {
		return
	}
	info, err := os.Stat(path.Value)
	if err == nil {
		err = check(info)
	}
	if err != nil {
		r.problemf(path.Pos, "paths are relative to the folder of this file", "%s cannot be read: %s: %s", what,
			quote(r.env.mask(path.Value)), reason(err))
	}
}

func isFile(i os.FileInfo) error {
	if i.IsDir() {
		return errIsFolder
	}
	return nil
}

func isFolder(i os.FileInfo) error {
	if !i.IsDir() {
		return errNotFolder
	}
	return nil
}
