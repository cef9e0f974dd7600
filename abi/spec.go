package abi

import "time"

// Spec is everything a runtime needs to load one plugin. It comes from the
// configuration, with paths resolved and defaults filled in.
type Spec struct {
	Name   string // in configuration, logs and metrics
	Source string // path of the file, the first of Sources; empty for builtin and coproc
	SHA256 string // expected digest of Source in hexadecimal; empty is any
	Entry  string // function, object or handler inside the source

	// Sources are the files of a plugin made of several: they run in this
	// order in one instance, and a file listed twice runs twice. It is nil for
	// a plugin of one file or none. SHA256 is empty then.
	Sources []string

	// Preload is the path of a script that runs before Source, at a time when
	// the functions of the gateway do not exist yet; empty if there is none.
	// Only runtimes of scripts have such a step.
	Preload string

	Hooks  HookSet // where APIs bind the plugin
	Config []byte  // the plugin's own configuration as a JSON object; nil if none
	APIs   []*API  // those that bind the plugin

	Instances Instances
	Limits    Limits
	Grants    Grants

	// Retry lets a call that failed without the plugin's fault be made once
	// more within its deadline, if the plugin says that this does no harm.
	// Only an external process has such calls.
	Retry bool
}

// Limits bound one plugin. A zero field means the runtime's default.
type Limits struct {
	Timeout time.Duration // of one call
	Memory  int64         // bytes of one instance
	MaxBody int64         // bytes of a buffered or produced body
}

// Instances says how a runtime keeps instances of a plugin.
type Instances struct {
	Mode Mode
	Max  int // at one time; 0 means the runtime's default
}

// Mode says what an instance remembers between requests.
type Mode uint8

const (
	// Fresh gives every request the state the plugin had after loading.
	Fresh Mode = iota
	// Pooled keeps state in the instance: cheaper, and it leaks between
	// requests by design.
	Pooled
)

// String returns the mode's name as configuration files spell it.
func (m Mode) String() string {
	if m == Pooled {
		return "pooled"
	}
	return "fresh"
}

// Grants are what a plugin may reach outside its own memory. The zero value
// grants nothing.
type Grants struct {
	KV   []string // key patterns, for instance "tenant:*"
	HTTP []string // URL patterns, for instance "https://idp.internal/*"
	Env  []string // names of environment values
}
