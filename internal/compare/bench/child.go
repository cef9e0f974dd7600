package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
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
