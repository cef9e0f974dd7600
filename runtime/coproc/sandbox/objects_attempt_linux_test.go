package sandbox_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// objectAttempts make one kernel object each. They remove what would stay.
func objectAttempts() map[string]func([]string) error {
	return map[string]func([]string) error{
		"msgget": systemV(unix.SYS_MSGGET, 0, unix.IPC_CREAT|0o600, 0, unix.SYS_MSGCTL, 0),
		"semget": systemV(unix.SYS_SEMGET, 0, 1, unix.IPC_CREAT|0o600, unix.SYS_SEMCTL, 1),
		"shmget": systemV(unix.SYS_SHMGET, 0, 4096, unix.IPC_CREAT|0o600, unix.SYS_SHMCTL, 0),
		"msgsnd": refusedCall(unix.SYS_MSGSND), "msgrcv": refusedCall(unix.SYS_MSGRCV), "msgctl": refusedCall(unix.SYS_MSGCTL),
		"semop": refusedCall(unix.SYS_SEMOP), "semtimedop": refusedCall(unix.SYS_SEMTIMEDOP), "semctl": refusedCall(unix.SYS_SEMCTL),
		"shmat": refusedCall(unix.SYS_SHMAT), "shmctl": refusedCall(unix.SYS_SHMCTL),
		"mq_unlink": refusedCall(unix.SYS_MQ_UNLINK), "mq_send": refusedCall(unix.SYS_MQ_TIMEDSEND),
		"mq_receive": refusedCall(unix.SYS_MQ_TIMEDRECEIVE), "mq_notify": refusedCall(unix.SYS_MQ_NOTIFY),
		"mq_open": messageQueue,
		"add_key": func([]string) error {
			_, err := unix.AddKey("user", "sallyport-test", []byte("x"), unix.KEY_SPEC_PROCESS_KEYRING)
			return err
		},
		"request_key": func([]string) error {
			_, err := unix.RequestKey("user", "sallyport-none", "", 0)
			return permission(err)
		},
		"keyctl":       func([]string) error { _, err := unix.KeyctlJoinSessionKeyring(""); return err },
		"memfd_secret": func([]string) error { _, err := unix.MemfdSecret(0); return err },
		"userfaultfd":  descriptor(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|1, 0), // 1: faults of user space only
		"inotify":      func([]string) error { _, err := unix.InotifyInit1(0); return err },
		"fanotify":     func([]string) error { _, err := unix.FanotifyInit(unix.FAN_REPORT_FID, 0); return err },
		"perf": func([]string) error {
			attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{}))}
			_, err := unix.PerfEventOpen(&attr, 0, -1, -1, 0)
			return err
		},
		"bpf":      bpfMap,
		"pidfd":    func(a []string) error { _, err := unix.PidfdOpen(number(a[0]), 0); return err },
		"abstract": abstractSocket,
		"netlink":  func([]string) error { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT) },
		"create":   func(a []string) error { return create(a[0]) },
		"fifo":     func(a []string) error { return errors.Join(unix.Mkfifo(a[0], 0o600), os.Remove(a[0])) },
		"device": func(a []string) error {
			return errors.Join(unix.Mknod(a[0], unix.S_IFCHR|0o600, 0x103), os.Remove(a[0]))
		},
		"setpgid":      func([]string) error { return unix.Setpgid(0, 0) },
		"orphan":       orphan,
		"flock":        func(a []string) error { return lock(a[0]) },
		"lease":        lease,
		"pipe":         func([]string) error { var p [2]int; return unix.Pipe2(p[:], 0) },
		"socketpair":   func([]string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"eventfd":      func([]string) error { _, err := unix.Eventfd(1, 0); return err },
		"timerfd":      func([]string) error { _, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, 0); return err },
		"epoll":        func([]string) error { _, err := unix.EpollCreate1(0); return err },
		"signalfd":     func([]string) error { _, err := unix.Signalfd(-1, new(unix.Sigset_t), 0); return err },
		"timer_create": posixTimer,
	}
}

// systemV makes an object and removes it with the control call of its kind,
// whose command is its argument of that index.
func systemV(get, key, first, second, control uintptr, index int) func([]string) error {
	return func([]string) error {
		id, _, errno := unix.Syscall(get, key, first, second)
		if errno != 0 {
			return errno
		}
		args := [3]uintptr{id}
		args[1+index] = unix.IPC_RMID
		if _, _, errno := unix.Syscall(control, args[0], args[1], args[2]); errno != 0 {
			return errno
		}
		return nil
	}
}

// refusedCall makes a call without sense: only whether it may be made counts.
func refusedCall(number uintptr) func([]string) error {
	return func([]string) error {
		_, _, errno := unix.Syscall6(number, ^uintptr(0), 0, 0, 0, 0, 0)
		return permission(errno)
	}
}

// permission passes on the error of a call that may not be made.
func permission(err error) error {
	if errors.Is(err, unix.EPERM) {
		return err
	}
	return nil
}

func descriptor(number, first, second uintptr) func([]string) error {
	return func([]string) error {
		if _, _, errno := unix.Syscall(number, first, second, 0); errno != 0 {
			return errno
		}
		return nil
	}
}

func messageQueue([]string) error {
	name, err := unix.BytePtrFromString("sallyport-test")
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(name)), unix.O_CREAT|unix.O_RDWR, 0o600, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if _, _, errno := unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(name)), 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func bpfMap([]string) error {
	attr := [4]uint32{2, 4, 4, 1} // an array of one element
	_, _, errno := unix.Syscall(unix.SYS_BPF, 0, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if errno != 0 {
		return errno
	}
	return nil
}

func abstractSocket([]string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrUnix{Name: "@sallyport-test"})
}

func create(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(name))
}

// orphan leaves a child behind that holds the output open.
func orphan([]string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "attempt", "wait")
	cmd.Stdout = os.Stdout
	return cmd.Start()
}

// lock takes a lock and keeps it until the process ends.
func lock(name string) error {
	fd, err := unix.Open(name, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
}

// lease takes a lease of a file of its own and keeps it until the process ends.
func lease(a []string) error {
	name := filepath.Join(a[0], "leased")
	fd, err := unix.Open(name, unix.O_CREAT|unix.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK)
	return errors.Join(err, os.Remove(name))
}

func posixTimer([]string) error {
	var id int32
	_, _, errno := syscall.Syscall(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&id)))
	if errno != 0 {
		return errno
	}
	return nil
}
