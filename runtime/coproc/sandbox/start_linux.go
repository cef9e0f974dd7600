package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Start starts the program of cmd confined as c says, and waits until it runs,
// or limit has passed. It starts it by way of another command, which it
// returns. The thread that calls it must outlive the program.
//
// An error tells which step failed; nothing is left of the program then.
func Start(cmd *exec.Cmd, c Config, limit time.Duration) (*exec.Cmd, *Enforcement, error) {
	p, err := newParams(cmd, c)
	if err != nil {
		return nil, nil, fmt.Errorf("sandbox: %w", err)
	}
	group, err := newCgroup(&p.Config)
	if err != nil {
		return nil, nil, fmt.Errorf("sandbox: %w", err)
	}
	p.Lacking = append(p.Lacking, group.lacking(&p.Config)...)
	p.Counted = group != nil && group.pids
	var started *exec.Cmd
	var report *Enforcement
	for _, namespaces := range namespaceSets {
		started, report, err = p.start(cmd, group, namespaces, limit)
		if !errors.Is(err, errClone) {
			break
		}
	}
	if err != nil {
		group.remove()
		return nil, nil, fmt.Errorf("sandbox: %w", err)
	}
	group.describe(&p.Config, report)
	return started, report, nil
}

// namespaceSets are the sets of namespaces that are tried for a program, the
// best first. Only root may make them, and a kernel may lack the one for IPC.
var namespaceSets = [...]uintptr{syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC, syscall.CLONE_NEWPID, 0}

// newParams finds out everything the shim cannot.
func newParams(cmd *exec.Cmd, c Config) (*params, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	dir, err := absolute(cmd.Dir, "")
	if err != nil {
		return nil, err
	}
	for _, paths := range []*[]string{&c.Read, &c.Write, &c.Exec} {
		if *paths, err = absoluteAll(*paths, dir); err != nil {
			return nil, err
		}
	}
	prog, err := findProgram(cmd.Args, dir, pathOf(cmd.Env))
	if err != nil {
		return nil, err
	}
	p := &params{
		Config: c, Program: prog.path, Args: cmd.Args, Parent: os.Getpid(),
		Start: prog.start, Base: append(baseFiles(), prog.base...),
	}
	p.Binary = !prog.script
	p.Reach = prog.start
	if prog.arg != "" {
		// As the program will open it, from its working folder: that one may
		// be out of its reach by name.
		p.Reach = append(p.Reach, prog.arg)
	}
	return p, p.setUser(c.User)
}

func absoluteAll(paths []string, dir string) (all []string, err error) {
	for _, path := range paths {
		if path, err = absolute(path, dir); err != nil {
			return nil, err
		}
		all = append(all, path)
	}
	return all, nil
}

// pathOf returns where programs are found in an environment.
func pathOf(env []string) string {
	for _, v := range env {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			return path
		}
	}
	return "/usr/local/bin:/bin:/usr/bin"
}

var errClone = errors.New("not permitted here")

// start starts the shim, tells it what to do and waits for what it says.
func (p *params) start(
	cmd *exec.Cmd, group *cgroup, namespaces uintptr, limit time.Duration,
) (*exec.Cmd, *Enforcement, error) {
	p.InPIDNS, p.InIPCNS = namespaces&syscall.CLONE_NEWPID != 0, namespaces&syscall.CLONE_NEWIPC != 0
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer told.Close()
	defer tell.Close()
	hear, said, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer hear.Close()
	defer said.Close()
	shim := shimFor(cmd, namespaces, told, said)
	group.attach(shim.SysProcAttr)
	if err := shim.Start(); err != nil {
		if p.InPIDNS && canDoWithout(err) {
			return nil, nil, errClone
		}
		return nil, nil, err
	}
	_ = said.Close()
	_ = told.Close()
	report, err := p.converse(tell, hear, limit)
	if err != nil {
		_ = syscall.Kill(-shim.Process.Pid, syscall.SIGKILL)
		_ = shim.Process.Kill()
		_ = shim.Wait()
		return nil, nil, err
	}
	return shim, report, nil
}

func canDoWithout(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC)
}

// shimFor returns the command of the shim for that of a program.
func shimFor(cmd *exec.Cmd, namespaces uintptr, told, said *os.File) *exec.Cmd {
	attr := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		attr = *cmd.SysProcAttr
	}
	attr.Pdeathsig = syscall.SIGKILL
	attr.Cloneflags |= namespaces
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{os.Args[0], Command},
		Dir: cmd.Dir, Env: cmd.Env, SysProcAttr: &attr,
		Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr,
		ExtraFiles: []*os.File{told, said},
	}
}

// converse gives the shim its parameters and reads what it made of them.
func (p *params) converse(tell, hear *os.File, limit time.Duration) (*Enforcement, error) {
	end := time.Now().Add(limit)
	_ = tell.SetWriteDeadline(end)
	_ = hear.SetReadDeadline(end)
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if _, err := tell.Write(b); err != nil {
		return nil, err
	}
	_ = tell.Close()
	said, err := io.ReadAll(io.LimitReader(hear, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("the shim does not answer: %w", err)
	}
	return p.understand(said)
}

// understand reads a report, and the failure that may follow it.
func (p *params) understand(said []byte) (*Enforcement, error) {
	var o checkOutcome
	in := json.NewDecoder(bytes.NewReader(said))
	for in.More() {
		if err := in.Decode(&o); err != nil {
			return nil, fmt.Errorf("the shim said %.80q: does this program call sandbox.Main?", said)
		}
	}
	return o.report(p)
}

// report returns what is enforced, or why the program does not run.
func (o *checkOutcome) report(p *params) (*Enforcement, error) {
	switch {
	case o.Step != "":
		return nil, &failure{*o}
	case o.Report == nil:
		return nil, errors.New("the shim ended without a word: does this program call sandbox.Main?")
	}
	o.Report.Program = p.Start[0]
	return o.Report, nil
}

// failure is what the shim could not do. It unwraps to the system's error.
type failure struct{ checkOutcome }

func (f *failure) Error() string { return f.Step + ": " + f.Text }

func (f *failure) Unwrap() error {
	if f.Errno == 0 {
		return nil
	}
	return syscall.Errno(f.Errno)
}
