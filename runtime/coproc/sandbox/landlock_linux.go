package sandbox

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights to files, by what they are granted for.
const (
	readFile = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readTree = readFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	execute  = unix.LANDLOCK_ACCESS_FS_EXECUTE | readFile
	device   = readFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

	change = readTree | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REFER

	// ofFiles are the rights that mean something for a plain file; the kernel
	// refuses the others there.
	ofFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | readFile |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// ruleNetPort is the type of a rule for a port.
const ruleNetPort = 2

type netPort struct{ access, port uint64 }

// ruleset is a set of Landlock rules, not in force yet.
type ruleset struct {
	fd    int
	abi   int
	files uint64 // rights it rules over
}

// landlockABI returns the version of Landlock that the kernel has, 0 if none.
func landlockABI() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// newRuleset asks for everything that a kernel of that version can rule over.
func newRuleset(abi int) (ruleset, error) {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: 1<<13 - 1}
	size := uintptr(8)
	for version, right := range map[int]uint64{
		2: unix.LANDLOCK_ACCESS_FS_REFER, 3: unix.LANDLOCK_ACCESS_FS_TRUNCATE, 5: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV,
	} {
		if abi >= version {
			attr.Handled_access_fs |= right
		}
	}
	if abi >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_CONNECT_TCP | unix.LANDLOCK_ACCESS_NET_BIND_TCP
		size = 16
	}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
		size = 24
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return ruleset{}, errno
	}
	return ruleset{fd: int(fd), abi: abi, files: attr.Handled_access_fs}, nil
}

// allow grants rights to a file, or to everything below a folder.
func (r *ruleset) allow(path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= ofFiles
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights & r.files, Parent_fd: int32(fd)}
	return r.add(unix.LANDLOCK_RULE_PATH_BENEATH, unsafe.Pointer(&attr))
}

// connect grants connections to a TCP port.
func (r *ruleset) connect(port int) error {
	attr := netPort{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(port)}
	return r.add(ruleNetPort, unsafe.Pointer(&attr))
}

func (r *ruleset) add(kind uintptr, attr unsafe.Pointer) error {
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), kind, uintptr(attr), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// prepareLandlock makes the rules as long as every path can be opened.
func (s *shim) prepareLandlock() error {
	s.report.Network = Network{TCPConnect: append([]int{}, s.TCP...), UDP: word(s.UDP), Unix: word(s.Unix)}
	abi := landlockABI()
	s.report.Landlock.ABI = abi
	if abi == 0 {
		s.lack("files, signals: the kernel has no Landlock, or it is off")
		return nil
	}
	var err error
	if s.rules, err = newRuleset(abi); err != nil {
		return err
	}
	if err := s.grantFiles(); err != nil {
		return err
	}
	return s.grantPorts()
}

func word(granted bool) string {
	if granted {
		return "unrestricted"
	}
	return "denied"
}

func (s *shim) grantFiles() error {
	for _, path := range s.Base {
		if err := s.rules.allow(path, readTree); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
			return err
		}
	}
	if err := s.rules.allow("/dev/null", device); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	for _, grant := range []struct {
		paths  []string
		rights uint64
	}{{s.Start, execute}, {s.Read, readTree}, {s.Write, change}, {s.Exec, execute | readTree}} {
		for _, path := range grant.paths {
			if err := s.rules.allow(path, grant.rights); err != nil {
				return err
			}
		}
	}
	return nil
}

// grantPorts opens the granted TCP ports. Without Landlock's help none can be
// told from another; if none is granted, the filter denies all.
func (s *shim) grantPorts() error {
	if s.rules.abi < 4 {
		return nil
	}
	for _, port := range s.TCP {
		if err := s.rules.connect(port); err != nil {
			return err
		}
	}
	s.report.Landlock.TCP = true
	return nil
}

func (s *shim) applyLandlock() error {
	if len(s.TCP) > 0 && !s.report.Landlock.TCP {
		s.report.Network.TCPConnect, s.report.Network.TCPBind = nil, true
		s.lack("tcp: the kernel has no Landlock for ports: all are open")
	}
	if s.report.Landlock.ABI == 0 {
		return nil
	}
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(s.rules.fd), 0, 0)
	if errno != 0 {
		return errno
	}
	s.report.Landlock.Files = true
	s.report.Landlock.Signals = s.rules.abi >= 6
	if s.rules.abi < 6 && !s.InPIDNS {
		s.lack("signals: the kernel's Landlock has no scope for them")
	}
	return nil
}

// noFilter notes what else stays open without a filter.
func (s *shim) noFilter(why string) {
	s.report.Network.UDP, s.report.Network.Unix = word(true), word(true)
	s.lack("seccomp, udp, unix sockets: " + why)
	if !s.report.Landlock.TCP && len(s.TCP) == 0 {
		s.report.Network.TCPConnect, s.report.Network.TCPBind = nil, true
		s.lack("tcp: neither Landlock nor a filter: all ports are open")
	}
}
