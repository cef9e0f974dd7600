package coproc

import (
	"errors"
	"os"
	"os/exec"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// child is a program that has been started.
type child struct {
	cmd    *exec.Cmd
	pipes  *pipes
	report *sandbox.Report // nil without a sandbox
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

// spawn starts the process with pipes of our own: exec's would neither have
// deadlines nor a size we can choose. The calling thread is the one whose end
// kills the process, so it must outlive it.
func spawn(c *Config) (*child, error) {
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
func launch(cmd *exec.Cmd, c *Config) (*child, error) {
	if c.Sandbox == nil {
		return &child{cmd: cmd}, cmd.Start()
	}
	cmd, report, err := sandbox.Start(cmd, *c.Sandbox, c.StartTimeout)
	return &child{cmd: cmd, report: report}, err
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
