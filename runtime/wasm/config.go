package wasm

import (
	"cmp"
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/runtime/wasm/guest/js"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// Config is what New needs. The zero value is ready to use.
type Config struct {
	// Logger gets the output of the plugins and what goes wrong outside of
	// requests. Nil logs nothing.
	Logger *zerolog.Logger

	// KV is where plugins keep what they were granted to keep. Nil means that
	// a plugin with such a grant is refused.
	KV native.KV

	// Values is the same for scripts, which also ask when a value expires.
	// Sessions is what TykGetKeyData and TykSetKeyData read and write. Nil means
	// that a grant is refused, or that no session is found.
	Values   js.KV
	Sessions js.Sessions

	// OrgOf returns the organisation of the API with an id, which TykGetKeyData
	// looks sessions up by; it is empty if there is no such API. Nil knows only
	// the APIs that bind the plugin.
	OrgOf func(apiID string) string

	// RequireRights refuses sessions of scripts without access_rights: they
	// open every API. It is for stores that keep access rights.
	RequireRights bool

	// Raw receives the lines that scripts write with rawlog, as they are; nil
	// sends them to Logger. Writes to it are serialised per plugin.
	Raw io.Writer

	// Env looks up the environment values that plugins were granted. Nil
	// means that a plugin with such a grant is refused.
	Env func(name string) (value string, ok bool)

	// Outbound is how plugins send the requests they were granted. Patterns
	// and limits in it are replaced by those of each plugin.
	Outbound outbound.Config

	// CacheDir is a directory for compiled machine code. Whoever can write to
	// it can run code in this process: it is created with mode 0700 and must
	// not be writable by others. Empty keeps machine code in memory only.
	CacheDir string

	// Strategy is how an instance is reset after a call to the state it had
	// after loading. The zero value chooses by what the system offers and by the
	// size of the memory. New fails on a strategy that the system lacks.
	Strategy snapshot.Strategy

	// MaxInstances is how many instances all plugins together may have. 0
	// means as many as half of the mappings of the process allow. A call that
	// would need one more is refused as busy.
	MaxInstances int

	// IdleTimeout is after how long instances that were not needed are
	// closed, the least recently used first. 0 means a minute.
	IdleTimeout time.Duration

	// Compiling is called when the compilation of a plugin begins. The runtime
	// calls done when it has ended, which may be seconds later. Nil is allowed.
	Compiling func(plugin string) (done func())

	// MaxSource is the largest file, in bytes, that Load reads. 0 means
	// 64 MiB.
	MaxSource int64

	// StartTimeout bounds the start of an instance outside of requests.
	// 0 means 10 seconds, and 5 seconds for scripts.
	StartTimeout time.Duration
}

const (
	defaultMaxSource    = 64 << 20
	defaultStartTimeout = 10 * time.Second
	scriptStartTimeout  = 5 * time.Second
	defaultIdleTimeout  = time.Minute
	defaultTimeout      = 50 * time.Millisecond // of a call without a deadline
	defaultMemory       = 16 << 20              // bytes of one instance
	instancesPerCPU     = 4
)

func (c Config) logger() zerolog.Logger {
	if c.Logger == nil {
		return zerolog.Nop()
	}
	return *c.Logger
}

func (c Config) maxSource() int64 { return cmp.Or(c.MaxSource, defaultMaxSource) }

// compiling calls Compiling, if there is one. The caller calls done when the
// compilation has ended.
func (c Config) compiling(plugin string) (done func()) {
	if c.Compiling == nil {
		return func() {}
	}
	return c.Compiling(plugin)
}
