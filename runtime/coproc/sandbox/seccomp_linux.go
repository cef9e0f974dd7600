//go:build linux && (amd64 || arm64)

package sandbox

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets into the data that a filter sees.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16 // 8 bytes each, the low half first
)

// denied are the system calls that no plugin needs: they reach into other
// processes, change what is mounted or loaded, leave objects in the kernel
// after the program has ended, or get around the filter. A program that could
// leave its process group could outlive it.
var denied = [...]uint32{
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
	unix.SYS_PROCESS_MRELEASE, unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
	unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, // memory that no limit counts
	unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, // System V objects stay until somebody removes them
	unix.SYS_MSGGET, unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MSGCTL,
	unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_SEMCTL,
	unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK, unix.SYS_MQ_TIMEDSEND, unix.SYS_MQ_TIMEDRECEIVE, unix.SYS_MQ_NOTIFY,
	unix.SYS_MQ_GETSETATTR,                             // POSIX queues stay, too
	unix.SYS_INOTIFY_INIT1, unix.SYS_INOTIFY_ADD_WATCH, // they tell the names of files that Landlock hides
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_QUOTACTL, unix.SYS_ACCT,
	unix.SYS_SETNS, unix.SYS_UNSHARE,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
	unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_PERSONALITY,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
	unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
	unix.SYS_SETSID, unix.SYS_SETPGID,
}

// namespaceFlags are those of clone that make namespaces.
const namespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

const (
	retAllow = unix.SECCOMP_RET_ALLOW
	retKill  = unix.SECCOMP_RET_KILL_PROCESS
	retPerm  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	retNoSys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// code is a filter in the making.
type code []unix.SockFilter

func (c *code) load(offset uint32) {
	*c = append(*c, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
}

func (c *code) and(mask uint32) {
	*c = append(*c, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: mask})
}

func (c *code) ret(what uint32) {
	*c = append(*c, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: what})
}

// jump compares and steps over yes or no instructions.
func (c *code) jump(op uint16, k uint32, yes, no uint8) {
	*c = append(*c, unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, K: k, Jt: yes, Jf: no})
}

// on appends what is to happen for one system call. The block must end in a
// return on every way.
func (c *code) on(number uint32, block code) {
	c.jump(unix.BPF_JEQ, number, 0, uint8(len(block)))
	*c = append(*c, block...)
}

// filterFor returns the filter and how many system calls it refuses.
func filterFor(n *Network, tcp bool) (code, int) {
	var c code
	c.load(offArch)
	c.jump(unix.BPF_JEQ, auditArch, 1, 0)
	c.ret(retKill)
	c.load(offNumber)
	if x32Bit != 0 {
		c.jump(unix.BPF_JGE, x32Bit, 0, 1)
		c.ret(retKill)
	}
	list := append(denied[:len(denied):len(denied)], deniedHere[:]...)
	for _, number := range list {
		c.on(number, code{{Code: unix.BPF_RET | unix.BPF_K, K: retPerm}})
	}
	// The arguments of clone3 are out of a filter's sight: C libraries go
	// back to clone.
	c.on(unix.SYS_CLONE3, code{{Code: unix.BPF_RET | unix.BPF_K, K: retNoSys}})
	c.on(unix.SYS_CLONE, cloneBlock())
	c.on(unix.SYS_PRLIMIT64, ownOnly())
	c.on(unix.SYS_SOCKET, socketBlock(n, tcp))
	c.ret(retAllow)
	return c, len(list) + 1
}

func cloneBlock() (c code) {
	c.load(offArgs)
	c.jump(unix.BPF_JSET, namespaceFlags, 0, 1)
	c.ret(retPerm)
	c.ret(retAllow)
	return c
}

// ownOnly allows a call whose first argument names the caller itself. Among
// processes of one user there is no other protection of limits.
func ownOnly() (c code) {
	c.load(offArgs)
	c.jump(unix.BPF_JEQ, 0, 1, 0)
	c.ret(retPerm)
	c.ret(retAllow)
	return c
}

// socketBlock allows sockets for TCP proper, and others as granted. Raw
// sockets, and TCP's relatives that Landlock does not see, are none of them.
func socketBlock(n *Network, tcp bool) (c code) {
	if n.Unix == "unrestricted" {
		c.domain(unix.AF_UNIX, allowAll())
	}
	c.domain(unix.AF_NETLINK, protocol(unix.NETLINK_ROUTE)) // resolvers ask it which addresses there are
	for _, family := range []uint32{unix.AF_INET, unix.AF_INET6} {
		var kinds code
		if tcp {
			kinds.kind(unix.SOCK_STREAM, protocol(unix.IPPROTO_TCP))
		}
		if n.UDP == "unrestricted" {
			kinds.kind(unix.SOCK_DGRAM, protocol(unix.IPPROTO_UDP))
		}
		kinds.ret(retPerm)
		c.domain(family, kinds)
	}
	c.ret(retPerm)
	return c
}

func (c *code) domain(family uint32, block code) {
	c.load(offArgs)
	c.on(family, block)
}

func (c *code) kind(kind uint32, block code) {
	c.load(offArgs + 8)
	c.and(0xf) // without SOCK_CLOEXEC and SOCK_NONBLOCK
	c.on(kind, block)
}

// protocol allows the given protocol and the default one.
func protocol(p uint32) (c code) {
	c.load(offArgs + 16)
	c.jump(unix.BPF_JEQ, 0, 1, 0)
	c.jump(unix.BPF_JEQ, p, 0, 1)
	c.ret(retAllow)
	c.ret(retPerm)
	return c
}

func allowAll() (c code) {
	c.ret(retAllow)
	return c
}

// filter puts the filter in force, for this thread and what it becomes.
func (s *shim) filter() error {
	if s.report.Seccomp == 0 {
		return nil
	}
	c, _ := s.plan()
	prog := unix.SockFprog{Len: uint16(len(c)), Filter: &c[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

// plan returns the filter that is going to be in force.
func (s *shim) plan() (code, int) { return filterFor(&s.report.Network, len(s.TCP) > 0) }

// announceFilter puts the filter into the report before it is in force: after
// that nothing may fail any more but the program itself.
func (s *shim) announceFilter() error {
	if err := unix.Prctl(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err != nil {
		s.noFilter("the kernel has none")
		return nil
	}
	_, s.report.Seccomp = s.plan()
	return nil
}
