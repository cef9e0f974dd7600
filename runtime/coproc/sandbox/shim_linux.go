package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	paramsFD = 3
	reportFD = 4
)

// Main is the shim: it limits itself and becomes the program. It never
// returns.
func Main() {
	runtime.LockOSThread() // limits bind the thread that execve is called from
	out := json.NewEncoder(os.NewFile(reportFD, "report"))
	code, err := run(out)
	if s, ok := errors.AsType[*stepError](err); ok {
		_ = out.Encode(s.outcome())
	}
	os.Exit(code)
}

// stepError says what the shim could not do.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }

func (e *stepError) outcome() checkOutcome {
	o := checkOutcome{Step: e.step, Text: e.err.Error()}
	if errno, ok := errors.AsType[syscall.Errno](e.err); ok {
		o.Errno = int(errno)
	}
	return o
}

// shim is the state of one run.
type shim struct {
	params
	report Enforcement
	rules  ruleset

	lacking []string // what was asked for, or all rests on, and cannot be

	programFD int  // 0 if it is not open
	byFD      bool // the program is out of its user's reach by name
}

func run(out *json.Encoder) (code int, err error) {
	var s shim
	in := os.NewFile(paramsFD, "params")
	if err := json.NewDecoder(in).Decode(&s.params); err != nil {
		return exitSetup, &stepError{"parameters", err}
	}
	_, _ = io.Copy(io.Discard, in)
	for _, step := range s.steps() {
		if err := step.do(); err != nil {
			return exitSetup, &stepError{step.name, err}
		}
	}
	if s.Required && len(s.lacking) > 0 {
		return exitSetup, &stepError{"required", errors.New(strings.Join(s.lacking, "; "))}
	}
	// The pipe is broken if the gateway has died before it could be set to
	// take us along.
	if err := out.Encode(checkOutcome{Report: &s.report}); err != nil {
		return exitSetup, err
	}
	err = s.exec()
	if errors.Is(err, syscall.ENOENT) {
		return exitMissing, &stepError{"exec " + s.Program, err}
	}
	return exitNoExec, &stepError{"exec " + s.Program, err}
}

// exec does what would keep the shim itself from working and becomes the
// confinedProgram. It returns only if that did not work. Once the memory is limited
// nothing may be allocated: Go's heap may be beyond the limit already.
func (s *shim) exec() error {
	path, fd, flags := s.Program, unix.AT_FDCWD, 0
	if s.byFD {
		path, fd, flags = "", s.programFD, unix.AT_EMPTY_PATH
	}
	file, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	args, err := syscall.SlicePtrFromStrings(s.Args)
	if err != nil {
		return err
	}
	env, err := syscall.SlicePtrFromStrings(os.Environ())
	if err != nil {
		return err
	}
	if err := s.filter(); err != nil {
		return err
	}
	data := unix.Rlimit{Cur: uint64(s.Memory), Max: uint64(s.Memory)}
	_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_DATA, uintptr(unsafe.Pointer(&data)), 0, 0, 0)
	if errno == 0 {
		_, _, errno = unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(file)),
			uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])), uintptr(flags), 0)
	}
	return errno
}

type step struct {
	name string
	do   func() error
}

// steps are in the order in which each is still allowed: what needs rights
// comes before they are given up.
func (s *shim) steps() []step {
	return []step{
		{"descriptors", s.descriptors},
		{"limits", s.limits},
		{"landlock", s.prepareLandlock},
		{"user", s.chooseUser},
		{"capabilities", s.dropBounding},
		{"user", s.becomeUser},
		{"limits", s.limitProcesses},
		{"capabilities", s.dropCapabilities},
		{"parent", s.dieWithParent},
		{"no_new_privs", s.noNewPrivs},
		{"landlock", s.applyLandlock},
		{"seccomp", s.announceFilter},
	}
}

// descriptors lets the program inherit nothing but its three streams.
func (s *shim) descriptors() error {
	s.report.Missing = []string{}
	for _, what := range s.Lacking {
		s.lack(what)
	}
	if s.report.PIDNamespace = s.InPIDNS; !s.InPIDNS {
		s.report.lack("pid namespace: only root can make one: what the program has started may outlive the gateway")
	}
	s.report.IPCNamespace = s.InIPCNS
	unix.Umask(0o077)
	err := unix.CloseRange(paramsFD, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	unix.CloseOnExec(paramsFD)
	unix.CloseOnExec(reportFD)
	s.report.lack("descriptors: " + err.Error() + ": what the gateway has inherited, the program inherits")
	return nil
}

func (s *shim) dieWithParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if !s.InPIDNS && os.Getppid() != s.Parent {
		return errors.New("the gateway has ended")
	}
	s.report.PDeathSig = true
	return nil
}

func (s *shim) noNewPrivs() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	s.report.NoNewPrivs = true
	return nil
}

// lack notes what the program must not be started without if a sandbox is
// required. What is merely desirable goes to the report alone.
func (s *shim) lack(what string) {
	s.report.lack(what)
	s.lacking = append(s.lacking, what)
}

// errText keeps what is lacking on one line.
func errText(what string, err error) string { return fmt.Sprintf("%s: %v", what, err) }
