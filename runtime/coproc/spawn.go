package coproc

import (
	"errors"
	"os"
	"os/exec"
)

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
func spawn(c *Config) (*exec.Cmd, *pipes, error) {
	if len(c.Command) == 0 {
		return nil, nil, errors.New("no command")
	}
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	confine(cmd)
	ours, err := connect(cmd)
	if err != nil {
		ours.close()
		return nil, nil, err
	}
	err = cmd.Start()
	closeChildEnds(cmd)
	if err != nil {
		ours.close()
		return nil, nil, err
	}
	enlarge(ours)
	return cmd, ours, nil
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
