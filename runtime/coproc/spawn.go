package coproc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// startedChild is a program that has been started.
type startedChild struct {
	cmd    *exec.Cmd
	pipes  *pipes
	report *sandbox.Enforcement // nil without a sandbox
}

// pipes are our ends of the three pipes to a process.
type pipes struct{ stdin, stdout, stderr *os.File }

func (p *pipes) close() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// spawn starts the process with pipes of our own, because those of exec have
// neither deadlines nor a size that we can choose. The calling thread must
// outlive the process, which dies with it.
func spawn(c *Config) (*startedChild, error) {
	if len(c.Command) == 0 {
		return nil, errors.New("no command")
	}
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	confine(cmd)
	ours, err := connect(cmd)
	if err != nil {
		ours.close()
		return nil, err
	}
	started, err := launch(cmd, c)
	closeChildEnds(cmd)
	if err != nil {
		ours.close()
		return nil, err
	}
	enlarge(ours)
	started.pipes = ours
	return started, nil
}

// launch starts a command, in a sandbox if there is to be one.
func launch(cmd *exec.Cmd, c *Config) (*startedChild, error) {
	if c.Sandbox == nil {
		return &startedChild{cmd: cmd}, cmd.Start()
	}
	cmd, report, err := sandbox.Start(cmd, *c.Sandbox, c.StartTimeout)
	return &startedChild{cmd: cmd, report: report}, err
}

// connect makes the pipes and gives the process its ends.
func connect(cmd *exec.Cmd) (*pipes, error) {
	ours := &pipes{}
	r, w, err := os.Pipe()
	if err != nil {
		return ours, err
	}
	cmd.Stdin, ours.stdin = r, w
	if r, w, err = os.Pipe(); err != nil {
		closeChildEnds(cmd)
		return ours, err
	}
	cmd.Stdout, ours.stdout = w, r
	if r, w, err = os.Pipe(); err != nil {
		closeChildEnds(cmd)
		return ours, err
	}
	cmd.Stderr, ours.stderr = w, r
	return ours, nil
}

func closeChildEnds(cmd *exec.Cmd) {
	for _, end := range []any{cmd.Stdin, cmd.Stdout, cmd.Stderr} {
		if f, ok := end.(*os.File); ok {
			_ = f.Close()
		}
	}
}

// memoryInterval is how often the memory of the process is read. A process that
// allocates faster meets the limit of the kernel.
const memoryInterval = 250 * time.Millisecond

var (
	errMemory = errors.New("process and what it has started hold more memory than the limit")
	errLimit  = &abi.Error{Kind: abi.Limit, Err: errMemory}
)

// limitMemory ends a process that holds, with its descendants, too much memory.
func (p *process) limitMemory() {
	if p.report.Memory.Max <= 0 {
		return
	}
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-p.dead:
			return
		case <-tick.C:
			if sandbox.Resident(p.cmd.Process.Pid) > p.report.Memory.Max {
				p.kill(errMemory)
				return
			}
		}
	}
}

// confinement returns what the process is told about its sandbox.
func (p *process) confinement() any {
	if p.report == nil {
		return struct{}{}
	}
	return p.report
}

// logConfinement logs what is enforced, and warns of what is not.
func (p *process) logConfinement() {
	if p.report == nil {
		p.log.Warn().Msg("plugin process runs without a sandbox: with all the rights of the gateway")
		return
	}
	e := p.log.Info()
	if len(p.report.Missing) > 0 {
		e = p.log.Warn().Strs("missing", p.report.Missing)
	}
	if b, err := json.Marshal(p.report); err == nil {
		e = e.RawJSON("sandbox", b)
	}
	e.Msg("plugin process is confined")
}

// protocolVersion is the version of the protocol that this package speaks.
const protocolVersion = "1.0"

// errVersion says that the process speaks none of our versions of the protocol,
// which another start would not change.
var errVersion = errors.New("process does not speak protocol " + protocolVersion)

// The params of initialize.
type (
	initParams struct {
		Protocol []string `json:"protocol"`
		Gateway  peer     `json:"gateway"`
		Limits   limits   `json:"limits"`
		Sandbox  any      `json:"sandbox"`
		PID      int      `json:"pid"`
	}
	peer struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	limits struct {
		MaxMessageBytes int `json:"max_message_bytes,omitempty"`
		MaxInFlight     int `json:"max_in_flight,omitempty"`
	}
	initResult struct {
		Protocol string          `json:"protocol"`
		Plugin   peer            `json:"plugin"`
		Limits   limits          `json:"limits"`
		Handlers json.RawMessage `json:"handlers"`
	}
)

// handshake asks the process who it is and opens the window for calls.
func (p *process) handshake(ctx context.Context) error {
	raw, err := p.control(ctx, "initialize", initParams{
		Protocol: []string{protocolVersion},
		Gateway:  peer{"sallyport", p.cfg.Version},
		Limits:   limits{p.cfg.MaxMessage, p.cfg.MaxInFlight},
		Sandbox:  p.confinement(),
		PID:      os.Getpid(),
	})
	if err != nil {
		return initError(err)
	}
	var r initResult
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	if r.Protocol != protocolVersion {
		return fmt.Errorf("%w but %q", errVersion, r.Protocol)
	}
	if r.Handlers == nil {
		return errors.New("initialize: no handlers declared")
	}
	if p.handlers, err = rpc.ParseHandlers(r.Handlers); err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	p.apply(r.Limits)
	p.log.Info().Str("plugin", r.Plugin.Name).Str("version", r.Plugin.Version).
		Dur("start", time.Since(p.born)).Msg("plugin process started")
	p.logConfinement()
	return p.send([]byte(`{"jsonrpc":"2.0","method":"initialized"}`+"\n"), 1)
}

func initError(err error) error {
	if r, ok := errors.AsType[*errorAnswer](err); ok && r.code == codeNoProtocol {
		return fmt.Errorf("%w: %w", errVersion, r)
	}
	return fmt.Errorf("initialize: %w", err)
}

// apply takes the smaller of both sides' limits.
func (p *process) apply(l limits) {
	if l.MaxMessageBytes > 0 {
		p.maxOut = min(p.maxOut, l.MaxMessageBytes)
	}
	window := p.cfg.MaxInFlight
	if l.MaxInFlight > 0 {
		window = min(window, l.MaxInFlight)
	}
	p.table.open(window)
}

func (p *process) ping() bool {
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.PingInterval)
	defer cancel()
	_, err := p.control(ctx, "ping", struct{}{})
	return err == nil
}
