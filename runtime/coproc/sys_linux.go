package coproc

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// pipeSize lets a large message pass with one read.
const pipeSize = 1 << 20

// dieWithThread ties the life of the process to the thread that starts it.
func dieWithThread(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// enlarge asks for larger pipes; the kernel may refuse beyond its quota.
func enlarge(p *pipes) {
	for _, f := range []syscall.Conn{p.stdin, p.stdout} {
		raw, err := f.SyscallConn()
		if err != nil {
			continue
		}
		_ = raw.Control(func(fd uintptr) {
			_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize)
		})
	}
}

// awaitExit waits until the process has exited and leaves it unreaped, so
// that its group cannot be mistaken for another one's when it is killed. It
// reports whether that worked.
func awaitExit(cmd *exec.Cmd) bool {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}
