package sandbox_test

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attempt tries one thing and tells on stdout whether it worked.
func attempt(args []string) int {
	runtime.LockOSThread()
	for i := range args {
		args[i] = strings.TrimPrefix(args[i], mark)
	}
	all := attempts()
	maps.Copy(all, objectAttempts())
	if err := all[args[0]](args[1:]); err != nil {
		fmt.Println("refused:", err)
		return 0
	}
	fmt.Println("allowed")
	return 0
}

// mark keeps an argument from being taken for the script of an interpreter,
// which a program may read.
const mark = "="

// attempts are what a plugin that has turned bad would try. Each gets the
// arguments that [escapes] lists for it.
func attempts() map[string]func([]string) error {
	return map[string]func([]string) error{
		"read":    func(a []string) error { _, err := os.ReadFile(a[0]); return err },
		"list":    func(a []string) error { _, err := os.ReadDir(a[0]); return err },
		"write":   func(a []string) error { return os.WriteFile(a[0], []byte("x"), 0o600) },
		"connect": connect,
		"bind":    bind,
		"signal":  func(a []string) error { return syscall.Kill(number(a[0]), 0) },
		"trace":   func(a []string) error { return unix.PtraceSeize(number(a[0])) },
		"peek":    peek,
		"unshare": func([]string) error { return unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET) },
		"clone":   cloneNamespace,
		"mount":   func(a []string) error { return unix.Mount("none", a[0], "tmpfs", 0, "") },
		"raw":     func([]string) error { return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) },
		"packet":  func([]string) error { return socket(unix.AF_PACKET, unix.SOCK_RAW, 0) },
		"mptcp":   func([]string) error { return socket(unix.AF_INET, unix.SOCK_STREAM, 262) },
		"udp":     func([]string) error { return socket(unix.AF_INET, unix.SOCK_DGRAM, 0) },
		"unix":    func(a []string) error { return closing(net.Dial("unix", a[0])) },
		"exec":    func(a []string) error { return exec.Command(a[0], a[1:]...).Run() },
		"leave":   func([]string) error { _, err := unix.Setsid(); return err },
		"uring":   ioUring,
		"memfd":   func([]string) error { _, err := unix.MemfdCreate("x", 0); return err },
		"prlimit": prlimit,
		"setuid":  func([]string) error { return syscall.Setuid(0) },
		"nofile":  descriptors,
		"fork":    forks,
		"memory":  allocate,
		"env":     func([]string) error { return nonEmpty(os.Environ()) },
		"fds":     inherited,
		"wait":    func([]string) error { time.Sleep(time.Hour); return nil },
	}
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func closing(c net.Conn, err error) error {
	if err == nil {
		_ = c.Close()
	}
	return err
}

func connect(a []string) error { return closing(net.DialTimeout("tcp", a[0], 5*time.Second)) }

func bind([]string) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		_ = ln.Close()
	}
	return err
}

func peek(a []string) error {
	b := make([]byte, 8)
	local := []unix.Iovec{{Base: &b[0], Len: 8}}
	_, err := unix.ProcessVMReadv(number(a[0]), local, []unix.RemoteIovec{{Base: 0x400000, Len: 8}}, 0)
	return err
}

func cloneNamespace([]string) error {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		for {
			_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	return nil
}

func prlimit(a []string) error {
	var now unix.Rlimit
	return unix.Prlimit(number(a[0]), unix.RLIMIT_NOFILE, nil, &now)
}

func socket(family, kind, proto int) error {
	fd, err := unix.Socket(family, kind, proto)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

func ioUring([]string) error {
	var setup [120]byte
	_, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafePointer(&setup)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// descriptors opens more than any plugin needs.
func descriptors([]string) error {
	for range 4096 {
		if _, err := unix.Dup(0); err != nil {
			return err
		}
	}
	return nil
}

// forks starts processes that wait, until it may not.
func forks([]string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var all []*exec.Cmd
	defer func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()
	for range 64 {
		cmd := exec.Command(self, "attempt", "wait")
		if err := cmd.Start(); err != nil {
			return err
		}
		all = append(all, cmd)
	}
	return nil
}

// allocate touches more memory than it was given.
func allocate([]string) error {
	b, err := unix.Mmap(-1, 0, 512<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	return unix.Munmap(b)
}

func nonEmpty(env []string) error {
	if len(env) == 0 {
		return errors.New("empty")
	}
	return nil
}

// inherited looks for a descriptor that nobody gave it.
func inherited([]string) error {
	var stat unix.Stat_t
	return unix.Fstat(100, &stat)
}
