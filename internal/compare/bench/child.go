package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/procstat"
)

// childProcess is a process that this one has started. Its methods must not be called
// at the same time.
type childProcess struct {
	Ready
	pid     int
	started time.Time

	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *output.Tail
}

// The times a child has to be ready, to answer and to end. The first start of a
// plugin compiles it.
const (
	readyTime  = 90 * time.Second
	answerTime = 10 * time.Second
	endTime    = 10 * time.Second
)

// spawn starts the program and waits until it is ready.
func spawn(program, cache string, args ...string) (*childProcess, error) {
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // this program; it is ended by its input
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
	c := &childProcess{cmd: cmd, stderr: &output.Tail{}}
	cmd.Stderr = c.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.out = in, bufio.NewReader(out)
	c.started = time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c.pid = cmd.Process.Pid
	if err := c.read(&c.Ready, readyTime); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// read reads a line of the child, which is killed if it takes too long.
func (c *childProcess) read(into any, limit time.Duration) error {
	late := time.AfterFunc(limit, func() { _ = c.cmd.Process.Kill() })
	line, err := c.out.ReadBytes('\n')
	if !late.Stop() {
		return fmt.Errorf("%s did not answer within %v%s", c.name(), limit, c.stderr.Below())
	}
	if err != nil {
		return fmt.Errorf("%s ended: %w%s", c.name(), err, c.stderr.Below())
	}
	return json.Unmarshal(line, into)
}

// name is how errors call the child.
func (c *childProcess) name() string { return strings.Join(c.cmd.Args[1:], " ") }

// state asks the child.
func (c *childProcess) state() (State, error) {
	var s State
	if _, err := io.WriteString(c.in, "state\n"); err != nil {
		return s, fmt.Errorf("%s: %w%s", c.name(), err, c.stderr.Below())
	}
	return s, c.read(&s, answerTime)
}

// cpu returns the time the child has run.
func (c *childProcess) cpu() (time.Duration, error) { return procstat.CPU(c.pid) }

// close ends the child and waits for it.
func (c *childProcess) close() error {
	_ = c.in.Close()
	late := time.AfterFunc(endTime, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	err := c.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%s: %w%s", c.name(), exit, c.stderr.Below())
	}
	return err
}

// childCommand is the hidden command that the program must have.
const childCommand = "bench-child"

// The kinds of children: first argument of [childCommand].
const (
	ChildUpstream  = "upstream"  // the upstream
	ChildForwarder = "forwarder" // the bare forwarder; then the address of the upstream
	ChildGateway   = "gateway"   // the gateway, with the references; then its configuration file
	ChildProcess   = "coproc"    // the external process in Go
)

// Child returns the arguments with which the program plays a part of the
// benchmark. All but the external process speak the protocol of [Serve].
func Child(kind string, args ...string) []string {
	return append([]string{childCommand, kind}, args...)
}

// ChildName is the name of the command.
func ChildName() string { return childCommand }

// Ready is the first line of a child: it listens.
type Ready struct {
	Address string        `json:"address"`
	Load    time.Duration `json:"load"` // what loading the plugins took
}

// State is what a child says of itself when it is asked.
type State struct {
	Mallocs uint64 `json:"mallocs"` // allocations so far
	Bytes   uint64 `json:"bytes"`   // allocated so far

	Calls     uint64            `json:"calls"` // of plugins
	Faults    map[string]uint64 `json:"faults"`
	Instances int               `json:"instances"`       // of all plugins
	Memory    uint64            `json:"instance_memory"` // of all instances together
	Process   int               `json:"process"`         // the external one; 0 if there is none
}

// Serve tells the parent that a child is ready and answers its questions until
// there are no more: then the child is to end. A parent that dies leaves no
// children behind. state fills in what is not of the Go runtime; it may be nil.
func Serve(in io.Reader, out io.Writer, ready Ready, state func(*State)) error {
	enc := json.NewEncoder(out)
	if err := enc.Encode(&ready); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		s := allocated()
		if state != nil {
			state(&s)
		}
		if err := enc.Encode(&s); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	return nil
}

func allocated() State {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return State{Mallocs: m.Mallocs, Bytes: m.TotalAlloc}
}
