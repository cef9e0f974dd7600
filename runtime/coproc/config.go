package coproc

import (
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// maxSlots is the number of slots that fit into an id, those of control
// requests included.
const (
	slotBits     = 10
	maxSlots     = 1 << slotBits
	controlSlots = 8
)

// Config says which process to run and how. Only Command is required; a zero
// field means the default given with it.
type Config struct {
	Logger  *zerolog.Logger // nil logs nothing
	Name    string          // in the log; "coproc"
	Version string          // of the gateway, told to the process

	Command []string // program and arguments
	Dir     string   // working directory; that of the gateway
	Env     []string // the whole environment, "NAME=value"; nothing is inherited

	// Sandbox confines the process; nil runs it with all the rights of the
	// gateway. The main function must call [sandbox.Main] as described there.
	Sandbox *sandbox.Config

	// After is the runtime whose process has to end before this one's starts,
	// for a reload that must never run two of them; nil starts beside it. If
	// this runtime does not start, or is closed before After is, After's
	// process is started again.
	After *Runtime

	StartTimeout time.Duration // from start to ready; 10 s
	MaxInFlight  int           // calls at one time, at most 1016; 256. The process may ask for less
	MaxMessage   int           // bytes of one message; 8 MiB

	WriteStall   time.Duration // a process that reads nothing for so long is restarted; 2 s
	PingInterval time.Duration // three pings without an answer restart; 5 s
	StopGrace    time.Duration // from the shutdown request to SIGTERM; 5 s
	TermGrace    time.Duration // from SIGTERM to SIGKILL; 2 s

	Restart Restart
}

// Restart says what happens after the process died. A zero field means the
// default given with it.
type Restart struct {
	Min     time.Duration // wait after the first death, doubled after each; 100 ms
	Max     time.Duration // longest wait; 30 s
	Healthy time.Duration // a process that lived so long starts the waits anew; 60 s
	Deaths  int           // more deaths than this within Window open the breaker; 5
	Window  time.Duration // 60 s
	Open    time.Duration // how long the breaker stays open; 30 s
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		nop := zerolog.Nop()
		c.Logger = &nop
	}
	if c.Name == "" {
		c.Name = "coproc"
	}
	if c.Env == nil {
		c.Env = []string{} // nil would inherit the gateway's environment
	}
	if c.MaxInFlight <= 0 {
		c.MaxInFlight = 256
	}
	c.MaxInFlight = min(c.MaxInFlight, maxSlots-controlSlots)
	if c.MaxMessage <= 0 {
		c.MaxMessage = 8 << 20
	}
	c.StartTimeout = orDefault(c.StartTimeout, 10*time.Second)
	c.WriteStall = orDefault(c.WriteStall, 2*time.Second)
	c.PingInterval = orDefault(c.PingInterval, 5*time.Second)
	c.StopGrace = orDefault(c.StopGrace, 5*time.Second)
	c.TermGrace = orDefault(c.TermGrace, 2*time.Second)
	c.Restart = c.Restart.withDefaults()
	return c
}

func (r Restart) withDefaults() Restart {
	if r.Deaths <= 0 {
		r.Deaths = 5
	}
	r.Min = orDefault(r.Min, 100*time.Millisecond)
	r.Max = orDefault(r.Max, 30*time.Second)
	r.Healthy = orDefault(r.Healthy, time.Minute)
	r.Window = orDefault(r.Window, time.Minute)
	r.Open = orDefault(r.Open, 30*time.Second)
	return r
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// command returns the command line for messages.
func (c *Config) command() string { return strings.Join(c.Command, " ") }
