package wasm

import (
	"cmp"
	"fmt"
	"path/filepath"
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

	// matches returns what a plugin is recognised by, or nothing. It is first
	// called with the name of the file alone; m is nil then. If no format
	// recognises the name, it is called again with the module in the file.
	matches func(file string, m *rewrite.Report) (by string)

	// new returns the contract of a plugin. Nil refuses guests of this format,
	// which are recognised only to say so.
	new func(r *Runtime, s abi.Spec, out *output) (guest.Contract, error)

	// For formats that are recognised by the name of the file: the module that
	// runs the plugin, and how many slots of the native stack it may use.
	engine     func() ([]byte, error)
	depthLimit int

	startTimeout time.Duration // 0 means defaultStartTimeout
}

// formats are the guest ABIs, in the order in which they are asked. The native
// one takes every module that no other recognises.
func formats() []format {
	return []format{
		{
			name: "JavaScript", matches: extension(".js"), new: newScript,
			engine: js.Engine, depthLimit: scriptDepthLimit, startTimeout: scriptStartTimeout,
		},
		{name: "http-wasm", matches: importsFrom("http_handler")},
		{name: "proxy-wasm", matches: isProxyWasm},
		{name: "Extism", matches: importsFrom("extism:host/env")},
		{name: "native", matches: isModule, new: newNative},
	}
}

// detect returns the format of a plugin, or nil if it cannot be told from the
// name of the file alone.
func (r *Runtime) detect(file string, m *rewrite.Report) (*format, error) {
	for i := range r.formats {
		f := &r.formats[i]
		by := f.matches(file, m)
		switch {
		case by == "":
			continue
		case f.new == nil:
			return nil, fmt.Errorf("this is a guest of the ABI %s (%s), which the gateway does not run: "+
				"build it for the gateway's own, see abi/ABI.md", f.name, by)
		}
		return f, nil
	}
	return nil, nil
}

func extension(ext string) func(string, *rewrite.Report) string {
	return func(file string, _ *rewrite.Report) string {
		if strings.EqualFold(filepath.Ext(file), ext) {
			return ext
		}
		return ""
	}
}

func importsFrom(module string) func(string, *rewrite.Report) string {
	return func(_ string, m *rewrite.Report) string {
		if m == nil {
			return ""
		}
		for _, e := range m.Imports {
			if e.Module == module {
				return "it imports from " + module
			}
		}
		return ""
	}
}

// isProxyWasm goes by the export that names the version of the ABI, and by the
// imports of modules that lack it.
func isProxyWasm(_ string, m *rewrite.Report) string {
	if m == nil {
		return ""
	}
	for _, e := range m.Exports {
		if strings.HasPrefix(e.Name, "proxy_abi_version_") {
			return "it exports " + e.Name
		}
	}
	for _, e := range m.Imports {
		if e.Module == "env" && strings.HasPrefix(e.Name, "proxy_") {
			return "it imports env." + e.Name
		}
	}
	return ""
}

func isModule(_ string, m *rewrite.Report) string {
	if m == nil {
		return ""
	}
	return "it is a module"
}

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
