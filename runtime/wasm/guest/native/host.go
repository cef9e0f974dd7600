package native

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
)

var (
	_ guest.Contract = (*Host)(nil)
	_ abi.Measurer   = (*Host)(nil)
)

// LineLog takes the lines a guest logs. It must bound their size and their rate,
// and it is called by many goroutines.
type LineLog interface {
	Print(level zerolog.Level, requestID, line []byte)
}

// Config is what the host functions of one plugin need besides its
// specification. What was not granted may be nil.
type Config struct {
	Log  LineLog
	KV   KV
	HTTP HTTP
	// Env looks an environment value up.
	Env func(name string) (value string, ok bool)
}

// Host is the contract of one plugin: what the host functions of all its
// instances share.
type Host struct {
	spec     abi.Spec
	declares abi.Declaration

	log     LineLog
	config  memberList
	apis    []apiConfig
	start   time.Time     // zero of the monotonic clock
	timeout time.Duration // of a call without a deadline
	kv      KV
	keys    []KeyPattern // that were granted
	http    HTTP
	env     []variable // that were granted
	metrics telemetry.Registry
}

// apiConfig is the configuration of one API, parsed when the plugin was
// loaded.
type apiConfig struct {
	api    *abi.API
	config memberList
}

// defaultTimeout is that of a call without a deadline.
const defaultTimeout = 50 * time.Millisecond

// NewHost returns the host of the plugin that s describes. It fails if a
// configuration is not a JSON object, and on grants of what is not there or
// makes no sense. It owns c.HTTP, even if it fails.
func NewHost(s abi.Spec, c Config) (*Host, error) {
	h, err := newHost(s, c)
	if err != nil && c.HTTP != nil {
		c.HTTP.Close()
	}
	return h, err
}

func newHost(s abi.Spec, c Config) (*Host, error) {
	config, err := parseMembers(s.Config)
	if err != nil {
		return nil, fmt.Errorf("config of the plugin: %w", err)
	}
	h := &Host{
		spec: s, log: c.Log, config: config, start: time.Now(), timeout: cmp.Or(s.Limits.Timeout, defaultTimeout),
		kv: c.KV, http: c.HTTP, metrics: telemetry.Registry{Max: maxSeries},
	}
	if err := h.grant(s.Grants, c); err != nil {
		return nil, err
	}
	for _, a := range s.APIs {
		config, err := parseMembers(a.Config)
		if err != nil {
			return nil, fmt.Errorf("config data of API %s: %w", a.Name, err)
		}
		h.apis = append(h.apis, apiConfig{a, config})
	}
	return h, nil
}

// grant reads what the plugin was granted.
func (h *Host) grant(g abi.Grants, c Config) error {
	for _, text := range g.KV {
		p, err := ParseKeyPattern(text)
		if err != nil {
			return fmt.Errorf("allow: kv: %q: %w", text, err)
		}
		h.keys = append(h.keys, p)
	}
	for _, name := range g.Env {
		if err := checkEnvName(name); err != nil {
			return fmt.Errorf("allow: env: %q: %w", name, err)
		}
	}
	switch {
	case len(g.KV) > 0 && c.KV == nil:
		return errors.New("allow: kv: there is no store")
	case len(g.HTTP) > 0 && c.HTTP == nil:
		return errors.New("allow: http: there is no HTTP client")
	case len(g.Env) > 0 && c.Env == nil:
		return errors.New("allow: env: there is no environment")
	}
	h.env = readEnv(g.Env, c.Env)
	return nil
}

// NewGuest returns the state of one instance. No host function of this ABI calls
// interrupt: those that wait end with the deadline, and the guest stops at its
// next yield.
func (h *Host) NewGuest(func()) guest.Guest { return &nativeGuest{call: h.NewCall()} }

// Adopt does nothing: what a plugin implements is known from its exports.
func (h *Host) Adopt(guest.Guest) {}

// Declares returns what the exports declare, after Check.
func (h *Host) Declares() abi.Declaration { return h.declares }

// Metrics yields what the guests measured so far.
func (h *Host) Metrics() iter.Seq[abi.Metric] { return h.metrics.All() }

// Close releases connections. No call may be running.
func (h *Host) Close() {
	if h.http != nil {
		h.http.Close()
	}
}

// apiConfig returns the configuration of a. APIs that the plugin was not told
// of at load are parsed each time.
func (h *Host) apiConfig(a *abi.API) memberList {
	for i := range h.apis {
		if h.apis[i].api == a {
			return h.apis[i].config
		}
	}
	config, _ := parseMembers(a.Config) // what is no object has no members
	return config
}
