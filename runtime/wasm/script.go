package wasm

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
	"github.com/c386954a/sallyport/runtime/wasm/guest/js"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

// isScript reports whether a plugin is written in JavaScript.
func isScript(s abi.Spec) bool { return strings.EqualFold(filepath.Ext(s.Source), ".js") }

// scriptContract is the contract of a plugin in JavaScript; see the package
// js.
type scriptContract struct{ *js.Program }

var _ contract = scriptContract{}

// Check has nothing to say: the engine is always the same, and what the script
// implements is known when it has run.
func (c scriptContract) Check(wazero.CompiledModule) error { return nil }

// NewGuest and Adopt wrap those of the program.
func (c scriptContract) NewGuest(late func()) guest { return c.Program.NewGuest(late) }
func (c scriptContract) Adopt(template guest)       { c.Program.Adopt(template.(*js.Guest)) }

// newScript returns the contract of a plugin in JavaScript.
func (r *Runtime) newScript(s abi.Spec, out *output) (contract, error) {
	c := js.Config{
		Memory: orDefault(s.Limits.Memory, defaultMemory), Timeout: orDefault(s.Limits.Timeout, defaultTimeout),
		Log: out, Raw: r.config.Raw, KV: r.config.Values, Sessions: r.config.Sessions, RequireRights: r.config.RequireRights,
		OrgOf: r.config.OrgOf,
	}
	var err error
	if c.Files, c.Preload, err = readScripts(s, r.config.maxSource()); err != nil {
		return nil, err
	}
	var client native.HTTP
	if len(s.Grants.HTTP) > 0 {
		if client, err = r.newClient(s); err != nil {
			return nil, err
		}
		c.HTTP = client
	}
	p, err := js.New(s, c)
	if err != nil {
		if client != nil {
			client.Close()
		}
		return nil, err
	}
	return scriptContract{p}, nil
}

// readScripts reads the files of a plugin and checks the digest of a single
// one.
func readScripts(s abi.Spec, limit int64) (files []js.File, preload *js.File, err error) {
	names := s.Sources
	if len(names) == 0 {
		names = []string{s.Source}
	}
	for _, name := range names {
		f, err := readScript(name, limit)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
	}
	if len(files) > 1 && s.SHA256 != "" {
		return nil, nil, errDigestOfMany
	}
	if err := artifact.Verify(files[0].Text, s.SHA256); err != nil {
		return nil, nil, err
	}
	if s.Preload != "" {
		f, err := readScript(s.Preload, limit)
		if err != nil {
			return nil, nil, err
		}
		preload = &f
	}
	return files, preload, nil
}

var errDigestOfMany = errors.New("sha256 is for one file, and there are several")

func readScript(name string, limit int64) (js.File, error) {
	text, err := artifact.Read(name, limit, "")
	if err != nil {
		return js.File{}, &scriptError{name, err}
	}
	return js.File{Name: name, Text: text}, nil
}

// scriptError is an error of one of the files.
type scriptError struct {
	name string
	err  error
}

func (e *scriptError) Error() string { return e.name + ": " + e.err.Error() }
func (e *scriptError) Unwrap() error { return e.err }
