package tyk

import (
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/write"
)

// Decisions are what a tree becomes: the gateway's configuration, as values.
// The fields of this type, and of those that it holds, stand in the order in
// which [write.YAML] writes them; docs/CONFIG.md says what they mean.
type Decisions struct {
	Heading  write.Comment
	Version  int           `yaml:"version"`
	Listen   string        `yaml:"listen"`
	TLS      *tlsFiles     `yaml:"tls"`
	Timeouts ioTimeouts    `yaml:"timeouts"`
	Store    keyStore      `yaml:"store"`
	Defaults pluginDefault `yaml:"defaults"`

	ProcessHint write.Comment
	Process     *processCommand `yaml:"coproc"`

	Plugins []PluginDecision `yaml:"plugins,keyed"`
	APIs    []APIDecision    `yaml:"apis"`

	// Files are scripts that are in no file of the tree, and are to be written
	// where the plugins expect them.
	Files []ScriptFile
	// Origins are the files that plugins and APIs come from, by their names.
	Origins map[string]string
	// ImportReport says what became of everything.
	Report *ImportReport
}

type tlsFiles struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

type ioTimeouts struct {
	ReadBody time.Duration `yaml:"read_body,omitempty"`
	Write    time.Duration `yaml:"write,omitempty"`
}

type keyStore struct {
	HashKeys   bool   `yaml:"hash_keys,omitempty"`
	MasterKeys bool   `yaml:"master_keys,omitempty"`
	Keys       string `yaml:"keys,omitempty"`
}

type pluginDefault struct {
	Timeout time.Duration `yaml:"timeout"`
	Memory  string        `yaml:"memory"`
	MaxBody int64         `yaml:"max_body"`
}

type processCommand struct {
	Command    []string `yaml:"command"`
	MaxMessage int64    `yaml:"max_message,omitempty"`
}

// PluginDecision is one plugin: scripts, a handler of the external process, or
// a built-in step.
type PluginDecision struct {
	Origin      write.Comment
	Name        string          `yaml:",key"`
	Runtime     string          `yaml:"runtime"`
	Source      write.OneOrMore `yaml:"source"`
	Preload     string          `yaml:"preload,omitempty"`
	Entry       string          `yaml:"entry"`
	OnLoadError string          `yaml:"on_load_error,omitempty"`
	Config      any             `yaml:"config"` // scriptConfig or one of the steps below
	Allow       grants          `yaml:"allow"`
	OnFault     string          `yaml:"on_fault,omitempty"`
	IDExtractor *callerID       `yaml:"id_extractor"`
}

type scriptConfig struct {
	RequireSession bool   `yaml:"require_session,omitempty"`
	UseSession     bool   `yaml:"use_session,omitempty"`
	KeepHeaderCase bool   `yaml:"keep_header_case,omitempty"`
	HideConfig     bool   `yaml:"hide_config,omitempty"`
	Compat         string `yaml:"compat,omitempty"`
}

type grants struct {
	KV   []string `yaml:"kv"`
	HTTP []string `yaml:"http"`
}

type callerID struct {
	From  string  `yaml:"from"`
	With  string  `yaml:"with,omitempty"`
	Name  string  `yaml:"name,omitempty"`
	XPath *string `yaml:"xpath"`
	Regex *string `yaml:"regex"`
	Match int     `yaml:"match,omitempty"`
}

// The configurations of the built-in steps. Reply is the form of their errors.
type (
	keyAuthStep struct {
		Header  string `yaml:"header"`
		Query   string `yaml:"query,omitempty"`
		Cookie  string `yaml:"cookie,omitempty"`
		Strip   bool   `yaml:"strip,omitempty"`
		Session string `yaml:"session,omitempty"`
		Expiry  string `yaml:"expiry"`
		Reply   string `yaml:"reply"`
	}
	accessStep struct {
		Version string `yaml:"version,omitempty"`
		Reply   string `yaml:"reply"`
	}
	rateLimitStep struct {
		Rate  *bool  `yaml:"rate"` // nil is true, as it is for Quota
		Quota *bool  `yaml:"quota"`
		Reply string `yaml:"reply"`
	}
	sizeLimitStep struct {
		Max   int64  `yaml:"max"`
		Reply string `yaml:"reply"`
	}
	transformStep struct {
		Set    map[string]string `yaml:"set"`
		Remove []string          `yaml:"remove"`
	}
	pathsStep struct {
		Ignore []pathMatch `yaml:"ignore"`
		Block  []pathMatch `yaml:"block"`
		Allow  []pathMatch `yaml:"allow"`
		Reply  string      `yaml:"reply"`
	}
	versionStep struct {
		Location string            `yaml:"location"`
		Key      string            `yaml:"key,omitempty"`
		Strip    bool              `yaml:"strip,omitempty"`
		Versions map[string]string `yaml:"versions"`
		Default  string            `yaml:"default,omitempty"`
		Fallback bool              `yaml:"fallback,omitempty"`
		Expires  map[string]string `yaml:"expires"`
		Reply    string            `yaml:"reply"`
	}
)

// pathMatch is a path, as a regular expression, and a method; an empty one
// stands for all.
type pathMatch struct {
	Path   string `yaml:"path"`
	Method string `yaml:"method,omitempty"`
}

// APIDecision is one API of the configuration. A definition with versions
// becomes several.
type APIDecision struct {
	Origin    write.Comment
	Name      string          `yaml:"name"`
	ID        string          `yaml:"id"`
	OrgID     string          `yaml:"org_id,omitempty"`
	Compat    string          `yaml:"compat"`
	Internal  bool            `yaml:"internal,omitempty"`
	Match     routeMatch      `yaml:"match"`
	OfVersion bool            `yaml:"internal,omitempty"` // only the step that picks a version goes there
	Exempt    []pathMatch     `yaml:"exempt"`
	Upstream  *upstreamTarget `yaml:"upstream"`
	Hooks     hookDecisions   `yaml:"hooks"`
	Config    *document.Value `yaml:"config"`
}

type routeMatch struct {
	Host  string `yaml:"host,omitempty"`
	Path  string `yaml:"path"`
	Strip bool   `yaml:"strip,omitempty"`
}

type upstreamTarget struct {
	URL  write.EnvTemplate `yaml:"url"`
	Host string            `yaml:"host,omitempty"`
}

// hookDecisions are the names of plugins by hook.
type hookDecisions struct {
	Pre         []string         `yaml:"pre"`
	Auth        string           `yaml:"auth,omitempty"`
	PostKeyAuth []string         `yaml:"post_key_auth"`
	RateLimit   string           `yaml:"rate_limit,omitempty"`
	Virtual     []virtualBinding `yaml:"virtual"`
	Post        []string         `yaml:"post"`
	Response    []string         `yaml:"response"`
	Event       []eventBinding   `yaml:"event"`
}

type virtualBinding struct {
	Pattern string `yaml:"pattern"`
	Method  string `yaml:"method"`
	Plugin  string `yaml:"plugin"`
}

type eventBinding struct {
	Plugin string   `yaml:"plugin"`
	On     []string `yaml:"on"`
}

// ScriptFile is a file to write.
type ScriptFile struct {
	Path string // absolute
	Text []byte
}
