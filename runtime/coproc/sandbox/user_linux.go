package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// setUser decides whom the program runs as.
func (p *params) setUser(asked string) error {
	p.UID, p.GID, p.Named = -1, -1, asked != ""
	uid, gid, err := lookUser(asked)
	switch {
	case err != nil:
		return err
	case os.Geteuid() == 0:
		p.UID, p.GID = uid, gid
	case asked != "" && uid != os.Geteuid():
		p.Lacking = append(p.Lacking, "user: only root can start a program as another user")
	}
	return nil
}

// lookUser returns the numbers of a user: a name, a number, or two of them
// with a colon between.
func lookUser(asked string) (uid, gid int, err error) {
	if asked == "" {
		return defaultUser, defaultUser, nil
	}
	name, group, _ := strings.Cut(asked, ":")
	uid, err = strconv.Atoi(name)
	if err == nil {
		if group == "" {
			return uid, uid, nil
		}
		gid, err = strconv.Atoi(group)
		return uid, gid, err
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("user %q: %w", asked, err)
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// chooseUser stays with the gateway's user, who has no capabilities then, if
// the one of its own could not even read the program.
func (s *shim) chooseUser() error {
	if s.UID <= 0 || s.Named {
		return nil
	}
	if len(s.Start) == 0 {
		return nil // there is none; execve says so best
	}
	if fd, err := unix.Open(s.Start[0], unix.O_PATH|unix.O_CLOEXEC, 0); err == nil {
		s.programFD = fd
	}
	if err := s.canReach(); err != nil {
		s.lack(errText("user: not another one than the gateway's", err))
		s.UID, s.GID = -1, -1
	}
	return nil
}

// canReach opens what the program needs, as its user would.
func (s *shim) canReach() error {
	setFS(unix.SYS_SETFSGID, s.GID)
	setFS(unix.SYS_SETFSUID, s.UID) // takes the capabilities for files away, too
	defer setFS(unix.SYS_SETFSGID, os.Getegid())
	defer setFS(unix.SYS_SETFSUID, os.Geteuid())
	for i, file := range s.Reach {
		fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil && i == 0 && s.canExecute() {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "open", Path: file, Err: err}
		}
		_ = unix.Close(fd)
	}
	return nil
}

// canExecute reports whether a program that cannot be reached by its name can
// be started by its descriptor: there only its own mode counts.
func (s *shim) canExecute() bool {
	s.byFD = s.Binary && s.programFD > 0 &&
		unix.Faccessat2(s.programFD, "", unix.X_OK, unix.AT_EMPTY_PATH|unix.AT_EACCESS) == nil
	return s.byFD
}

// setFS changes the file system's idea of this thread's user. The call has no
// error of its own.
func setFS(call uintptr, id int) { _, _, _ = unix.RawSyscall(call, uintptr(id), 0, 0) }

// becomeUser changes the user of this thread, which execve gives to the whole
// confinedProgram.
func (s *shim) becomeUser() error {
	s.report.UID = os.Geteuid()
	if s.UID < 0 {
		return nil
	}
	err := become(s.UID, s.GID)
	if errors.Is(err, unix.EINVAL) && !s.Named { // no such number in this user namespace
		s.UID = nobody
		err = become(nobody, nobody)
	}
	if errors.Is(err, unix.EINVAL) && !s.Named {
		s.UID = -1
		s.lack("user: this user namespace has only the gateway's")
		return nil
	}
	if err != nil {
		return err
	}
	s.report.UID = s.UID
	return nil
}

// become calls the kernel itself: Go's functions would change all threads,
// and the others are not going to be there.
func become(uid, gid int) error {
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 && errno != unix.EPERM {
		return errno
	}
	g, u := uintptr(gid), uintptr(uid)
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, g, g, g); errno != 0 {
		return errno
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, u, u, u); errno != 0 {
		return errno
	}
	return nil
}

// dropBounding makes sure that no execve brings a capability back.
func (s *shim) dropBounding() error {
	for c := uintptr(0); c <= 63; c++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err == unix.EINVAL {
			return nil // beyond the last one
		}
		if err != nil {
			return nil // not ours to drop: no_new_privs does not let them back, either
		}
	}
	return nil
}

func (s *shim) dropCapabilities() error {
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) // there may be no such set
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return err
	}
	s.report.Capabilities = "none"
	return nil
}
