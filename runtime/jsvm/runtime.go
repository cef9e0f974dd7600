package jsvm

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
)

// Config configures a [Runtime]. The zero value is useful.
type Config struct {
	// Logger receives what scripts log; nil drops it.
	Logger *zerolog.Logger

	// Raw receives the lines of rawlog as they are; nil sends them to Logger.
	// Writes to it are serialised.
	Raw io.Writer

	// Sessions is what TykGetKeyData and TykSetKeyData reach; without it no
	// key is found.
	Sessions Sessions

	// OrgOf returns the organisation of the API with an id, which is what
	// TykGetKeyData goes by; it is empty if there is no such API. Nil knows
	// the APIs that bind the plugin.
	OrgOf func(apiID string) string

	// RequireRights refuses sessions without access_rights: they open every
	// API. It is for stores that keep access rights.
	RequireRights bool

	// Values is what TykStorageGet and its siblings reach; without it they
	// throw. The keys of scripts have a prefix of their own in it.
	Values Values

	// TLS is the configuration of what TykMakeHttpRequest and TykBatchRequest
	// connect to; nil means the certificate authorities of the system.
	TLS *tls.Config

	// LoadTimeout bounds running a script when it is loaded; 0 means 5 s.
	LoadTimeout time.Duration

	// CallTimeout bounds a call that comes without a deadline; 0 means 5 s.
	CallTimeout time.Duration

	// StackDepth is how many calls may be nested; 0 means 1,000.
	StackDepth int

	// Ahead is how many copies of a VM wait for requests, per set of files; 0
	// means one for each processor.
	Ahead int

	// Memory is by how many bytes a call may make the process grow before it
	// is interrupted, unless the plugin has a limit of its own; 0 means 256
	// MiB, and less than 64 MiB counts as 64 MiB. It is a best effort; see the
	// package comment.
	Memory int64

	// MaxSource is the size of the largest source file in bytes; 0 means 4 MiB.
	MaxSource int64
}

func (c *Config) logger() *zerolog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	nop := zerolog.Nop()
	return &nop
}

func (c *Config) loadTimeout() time.Duration { return positive(c.LoadTimeout, 5*time.Second) }
func (c *Config) callTimeout() time.Duration { return positive(c.CallTimeout, 5*time.Second) }
func (c *Config) stackDepth() int            { return positive(c.StackDepth, 1000) }
func (c *Config) maxSource() int64           { return positive(c.MaxSource, 4<<20) }
func (c *Config) memory() int64              { return positive(c.Memory, 256<<20) }
func (c *Config) ahead() int                 { return positive(c.Ahead, goruntime.GOMAXPROCS(0)) }

func positive[T int | int64 | time.Duration](n, otherwise T) T {
	if n > 0 {
		return n
	}
	return otherwise
}

// Runtime loads scripts. It is safe for concurrent use.
type Runtime struct {
	config   Config
	host     *host
	engine   func() (*otto.Otto, error) // the VM that all programs begin with
	watch    *memoryWatch
	loads    sync.WaitGroup // scripts that run at load time, stuck ones included
	programs programs
}

var _ abi.Runtime = (*Runtime)(nil)

// New returns a runtime.
func New(c Config) *Runtime {
	c.Logger = c.logger()
	h := newHost(&c)
	return &Runtime{config: c, host: h, engine: sync.OnceValues(h.newEngine), watch: newMemoryWatch()}
}

// Load reads, parses and runs the files of a plugin once. Plugins of a runtime
// that are made of the same files share what has run. An error is of kind
// Refused and names file, line and column.
func (r *Runtime) Load(ctx context.Context, s abi.Spec) (abi.Plugin, error) {
	p, err := r.load(ctx, &s)
	if err != nil {
		return nil, abi.Errorf(abi.Refused, "%w", err)
	}
	return p, nil
}

func (r *Runtime) load(ctx context.Context, s *abi.Spec) (*plugin, error) {
	if s.Instances.Mode != abi.Fresh {
		return nil, fmt.Errorf("%s: jsvm gives every request a fresh VM; remove instances.mode", s.Source)
	}
	o, err := readOptions(s.Config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Source, err)
	}
	if !entryName.MatchString(s.Entry) {
		return nil, fmt.Errorf("%s: entry %q is not the name of a JavaScript variable", s.Source, s.Entry)
	}
	f, err := readFiles(s, r.config.maxSource())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.config.loadTimeout())
	defer cancel()
	id := f.id
	program, err := r.programs.get(ctx, id, func() (*program, error) { return loadProgram(ctx, r, s, f) })
	if err != nil {
		return nil, err
	}
	release := func() { r.programs.put(id) }
	p, err := newPlugin(r, s, program, o, release)
	if err != nil {
		release()
		return nil, err
	}
	return p, nil
}

// Close waits until ctx ends for scripts that were abandoned while they were
// loaded, and for the memory watch. Plugins must be closed before.
func (r *Runtime) Close(ctx context.Context) error {
	if err := wait(ctx, &r.loads); err != nil {
		return err
	}
	return wait(ctx, &r.watch.running)
}

// wait waits for the group until ctx ends.
func wait(ctx context.Context, g *sync.WaitGroup) error {
	idle := make(chan struct{})
	go func() {
		g.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return abi.Errorf(abi.Busy, "scripts are still running: %w", context.Cause(ctx))
	}
}
