package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// top is what messages call the outermost mapping.
const top = "the configuration"

// Config is a whole configuration, checked as far as that is possible without
// loading a plugin. It is read-only once made, and safe to share.
type Config struct {
	File string // path as given to Load or Parse

	Listen   Text // HOST:PORT
	TLS      *TLS // nil: plain HTTP
	Admin    *Admin
	Trusted  []netip.Prefix // proxies whose word on clients counts
	Store    StoreConfig
	Limits   ClientLimits
	Timeouts Timeouts
	Coproc   *Coproc         // nil: no external process
	Plugins  []*PluginConfig // in the order of the file
	APIs     []*APIConfig    // in the order of the file

	env environment
}

// DefaultFile is the name of the configuration file unless another is given.
const DefaultFile = "sallyport.yaml"

// Load reads and checks the configuration file at path, and that the files it
// names exist. lookup finds values of the environment, as os.LookupEnv does;
// nil stands for an empty environment.
//
// An error is always of type [Problems].
func Load(path string, lookup func(string) (string, bool)) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, Problems{newProblem(Pos{File: path}, "name the configuration with -c", "cannot be read: "+reason(err))}
	}
	r := newReader(path, lookup)
	c := r.config(data)
	if c != nil {
		r.files(c)
	}
	return c.orProblems(r)
}

// Parse checks a configuration without touching the file system. name stands
// for the file in messages, and relative paths resolve against its folder;
// lookup is that of [Load].
//
// An error is always of type [Problems].
func Parse(name string, data []byte, lookup func(string) (string, bool)) (*Config, error) {
	r := newReader(name, lookup)
	return r.config(data).orProblems(r)
}

// Problemf returns a problem found later than by this package, for instance
// when a plugin is loaded. Arguments that are text or errors are printed
// without the values that came from the environment; the hint, which may be
// empty, is printed as it is.
func (c *Config) Problemf(pos Pos, hint, format string, args ...any) Problem {
	return newProblem(pos, hint, fmt.Sprintf(format, c.env.maskAll(args)...))
}

// PluginConfig returns the plugin of that name, or nil.
func (c *Config) Plugin(name string) *PluginConfig {
	i := slices.IndexFunc(c.Plugins, func(p *PluginConfig) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return c.Plugins[i]
}

func (c *Config) orProblems(r *reader) (*Config, error) {
	if err := r.problems.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// config reads a whole file. It returns nil if there is nothing to go on.
func (r *reader) config(data []byte) *Config {
	n := r.document(data)
	if n == nil || !r.want(n, top, mapping) {
		return nil
	}
	f := r.fields(n, Pos{r.file, 1, 1}, top)
	r.version(f)
	c := &Config{
		File:     r.file,
		Listen:   f.address("listen", ":8080"),
		TLS:      f.tls(),
		Admin:    f.admin(),
		Store:    f.store(),
		Limits:   f.limits(),
		Timeouts: f.timeouts(),
		Trusted:  f.networks("trusted_proxies"),
		Coproc:   f.coproc(),
		env:      r.env,
	}
	c.Plugins = f.plugins(f.defaults(), c.Coproc != nil)
	c.APIs = f.apis(c)
	f.later("coprocesses")
	f.done()
	c.check(r)
	return c
}

// version checks the version of the format, so that a later one can differ.
func (r *reader) version(f *fields) {
	n := f.require("version", "begin with `version: 1`")
	if n == nil || !f.want(n, label("version"), integer) {
		return
	}
	if n.int != 1 {
		f.problemf(n.pos, "write `version: 1`", "version %s of the format is not known", quote(n.raw))
	}
}

// check looks at what no single part can see.
func (c *Config) check(r *reader) {
	if c.Admin != nil && c.Admin.Listen.Value == c.Listen.Value && !strings.HasSuffix(c.Listen.Value, ":0") {
		r.problemf(c.Admin.Listen.Pos, "give each its own port", "admin cannot listen where the gateway does")
	}
}

// path returns the path t resolved against the folder of the file.
func (r *reader) path(t Text) Text {
	if t.Value != "" && !filepath.IsAbs(t.Value) {
		t.Value = filepath.Join(filepath.Dir(r.file), t.Value)
	}
	return t
}

// reason returns why the file system refused, without the path.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

//go:embed schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of configuration files.
func Schema() string { return schema }
