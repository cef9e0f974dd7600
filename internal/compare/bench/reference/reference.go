// Package reference has plugins to compare the isolation models with: the same
// hooks without any isolation, and JavaScript as other gateways run it. They
// exist in benchmarks only.
//
//	entry            what runs
//	native-headers   the header hook in Go, and so native-json, native-auth and native-response
//	otto-copied      a script on otto: for every request a copy of a VM with all of underscore,
//	                 and the call as source text
//	goja-fresh       a script on goja: for every request a new VM that runs underscore and the
//	                 script, both compiled before
//
// The last two take the configuration {"script": FILE, "entry": NAME}. This is
// how Tyk runs otto, and goja since 5.15.
package reference

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// SharedValues reads the values of the store.
type SharedValues interface {
	// Get is that of [abi.KV].
	Get(deadline time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error)
}

// Config describes a [Runtime].
type Config struct {
	// Next loads what is not of this package.
	Next abi.Runtime

	// SharedValues is where the auth hooks look keys up.
	KV SharedValues
}

// Runtime loads the plugins of this package and leaves others to the next.
type Runtime struct{ config Config }

var _ abi.Runtime = (*Runtime)(nil)

// New returns a runtime, which owns Next from then on.
func New(c Config) *Runtime { return &Runtime{c} }

// Load implements [abi.Runtime].
func (r *Runtime) Load(ctx context.Context, s abi.Spec) (abi.Plugin, error) {
	if name, ok := strings.CutPrefix(s.Entry, "native-"); ok {
		return loadNative(r.config.KV, s.Name, name)
	}
	switch s.Entry {
	case "otto-copied":
		return r.loadScript(s, newOtto)
	case "goja-fresh":
		return r.loadScript(s, newGoja)
	}
	return r.config.Next.Load(ctx, s)
}

// Close implements [abi.Runtime].
func (r *Runtime) Close(ctx context.Context) error { return r.config.Next.Close(ctx) }

// engineSource is a script and the name of the object in it to call.
type engineSource struct {
	Script string `json:"script"`
	Entry  string `json:"entry"`
}

// loadScript reads the script and runs it once, by a call of the engine.
func (r *Runtime) loadScript(s abi.Spec, engine func(*referenceHost, string, string) (maker, error)) (abi.Plugin, error) {
	var from engineSource
	if err := json.Unmarshal(s.Config, &from); err != nil {
		return nil, abi.Errorf(abi.Refused, "plugin %s: the configuration needs script and entry: %w", s.Name, err)
	}
	text, err := os.ReadFile(from.Script)
	if err != nil {
		return nil, abi.Errorf(abi.Refused, "plugin %s: %w", s.Name, err)
	}
	m, err := engine(&referenceHost{r.config.KV}, from.Script, string(text))
	if err != nil {
		return nil, abi.Errorf(abi.Refused, "plugin %s: %s: %w", s.Name, from.Script, err)
	}
	return &script{entry: from.Entry, make: m, hooks: s.Hooks}, nil
}

// referenceHost are the functions that the scripts of the benchmark call.
type referenceHost struct{ kv SharedValues }

// hostTimeout bounds a look-up, as it does where scripts are not measured.
const hostTimeout = time.Second

// look returns the value of key.
func (h *referenceHost) look(key string) (value string, ok bool, err error) {
	text, _, ok, err := h.kv.Get(time.Now().Add(hostTimeout), []byte(key))
	return string(text), ok, err
}

// functions are those that need nothing of an engine.
func (*referenceHost) functions() map[string]any {
	return map[string]any{
		"log":    func(string) {},
		"b64enc": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"b64dec": func(s string) string {
			b, _ := base64.StdEncoding.DecodeString(s) // made by the gateway
			return string(b)
		},
	}
}

// prepare calls what defines TykJS with the global object and a host that has
// nothing to do: the bodies of the benchmark are text.
const (
	prepareBefore = "("
	prepareAfter  = ")(this, {keepBytes: function () {}});"
)
