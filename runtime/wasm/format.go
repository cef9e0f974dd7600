package wasm

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/guest/js"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// format is one guest ABI: how its plugins are recognised, and what the loader
// has to know of them.
type format struct {
	name string

	// extension recognises plugins that are not modules. They are run by engine,
	// which may use depthLimit slots of the native stack.
	extension  string
	engine     func() ([]byte, error)
	depthLimit int

	// matches returns what a module is recognised by, or nothing.
	matches func(m *rewrite.ModuleReport) (by string)

	// new returns the contract of a plugin. Nil refuses guests of this format,
	// which are recognised only to say so.
	new func(r *Runtime, s abi.Spec, out *output) (guest.Contract, error)

	startTimeout time.Duration // 0 means defaultStartTimeout
}

// formats are the guest ABIs, in the order in which they are asked. The native
// one takes every module that no other recognises.
func formats() []format {
	return []format{
		{
			name: "JavaScript", extension: ".js", engine: js.Engine, new: newScript,
			depthLimit: scriptDepthLimit, startTimeout: scriptStartTimeout,
		},
		{name: "http-wasm", matches: imports("http_handler", "")},
		{name: "proxy-wasm", matches: exports("proxy_abi_version_")},
		{name: "proxy-wasm", matches: imports("env", "proxy_")}, // of a version that the module does not name
		{name: "Extism", matches: imports("extism:host/env", "")},
		{name: "native", matches: always, new: newNative},
	}
}

// byName returns the format that a plugin has by the name of its file, or nil.
func (r *Runtime) byName(file string) *format {
	i := slices.IndexFunc(r.formats, func(f format) bool {
		return f.extension != "" && strings.EqualFold(filepath.Ext(file), f.extension)
	})
	if i < 0 {
		return nil
	}
	return &r.formats[i]
}

// byModule returns the format that a module has by what it imports and exports.
func (r *Runtime) byModule(m *rewrite.ModuleReport) (*format, error) {
	for i, f := range r.formats {
		if f.matches == nil {
			continue
		}
		by := f.matches(m)
		switch {
		case by == "":
			continue
		case f.new == nil:
			return nil, fmt.Errorf("this is a guest of the ABI %s (it %s), which the gateway does not run: "+
				"build it for the gateway's own, see abi/ABI.md", f.name, by)
		}
		return &r.formats[i], nil
	}
	return nil, errors.New("this is a guest of an ABI that the gateway does not know")
}

// imports recognises modules that import something from a module.
func imports(module, prefix string) func(*rewrite.ModuleReport) string {
	return func(m *rewrite.ModuleReport) string {
		for _, e := range m.Imports {
			if e.Module == module && strings.HasPrefix(e.Name, prefix) {
				return "imports " + e.Module + "." + e.Name
			}
		}
		return ""
	}
}

// exports recognises modules that export something.
func exports(prefix string) func(*rewrite.ModuleReport) string {
	return func(m *rewrite.ModuleReport) string {
		for _, e := range m.Exports {
			if strings.HasPrefix(e.Name, prefix) {
				return "exports " + e.Name
			}
		}
		return ""
	}
}

func always(*rewrite.ModuleReport) string { return "is a module" }

// newNative returns the contract of a plugin with the native ABI.
func newNative(r *Runtime, s abi.Spec, out *output) (guest.Contract, error) {
	client, err := r.newClient(s)
	if err != nil {
		return nil, err
	}
	return native.NewHost(s, native.Config{Log: out, KV: r.config.KV, Env: r.config.Env, HTTP: client})
}

// newScript returns the contract of a plugin in JavaScript.
func newScript(r *Runtime, s abi.Spec, out *output) (guest.Contract, error) {
	client, err := r.newClient(s)
	if err != nil {
		return nil, err
	}
	return js.New(s, js.Config{
		MaxSource: r.config.maxSource(),
		Memory:    cmp.Or(s.Limits.Memory, defaultMemory), Timeout: cmp.Or(s.Limits.Timeout, defaultTimeout),
		Log: out, Raw: r.config.Raw, KV: r.config.Values, Sessions: r.config.Sessions, HTTP: client,
		OrgOf: r.config.OrgOf, RequireRights: r.config.RequireRights,
	})
}

// newClient returns a client for the requests that a plugin was granted, or nil.
func (r *Runtime) newClient(s abi.Spec) (native.HTTP, error) {
	if len(s.Grants.HTTP) == 0 {
		return nil, nil
	}
	c := r.config.Outbound
	c.Allow, c.MaxBody = s.Grants.HTTP, s.Limits.MaxBody
	client, err := outbound.New(c)
	if err != nil {
		return nil, fmt.Errorf("allow: http: %w", err)
	}
	return client, nil
}
