package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cgroup is the control group of one program, below a folder that was
// delegated to the gateway. nil is none.
type cgroup struct {
	dir    string
	fd     *os.File
	memory bool // it limits memory
	pids   bool // and processes
}

// newCgroup makes a group for a program. Without a folder to make it in it
// returns nil; what the folder does not offer is left to other means.
func newCgroup(c *Config) (*cgroup, error) {
	parent := c.Cgroup
	if parent == "" {
		parent = delegated()
	}
	if parent == "" {
		return nil, nil
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(parent, &stat); err != nil || stat.Type != unix.CGROUP2_SUPER_MAGIC {
		return nil, fmt.Errorf("cgroup: %s is not part of a cgroup v2 hierarchy", parent)
	}
	enable(parent)
	sweep(parent)
	dir, err := os.MkdirTemp(parent, "sallyport-")
	if err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	g := &cgroup{dir: dir}
	g.memory = g.set("memory.max", strconv.FormatInt(c.Memory, 10))
	_ = g.set("memory.swap.max", "0")
	_ = g.set("memory.oom.group", "1")
	if n := c.Processes; n > 0 {
		g.pids = g.set("pids.max", strconv.Itoa(n))
	}
	if g.fd, err = os.Open(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("cgroup: %w", err), os.Remove(dir))
	}
	return g, nil
}

// enable passes the controllers on to the groups below. It may be done
// already, or not be ours to do.
func enable(parent string) {
	for _, controller := range []string{"+memory", "+pids"} {
		_ = put(filepath.Join(parent, "cgroup.subtree_control"), controller)
	}
}

// sweep removes the groups that a gateway has left that was killed. The kernel
// refuses it for groups in use; one that was just made may still be empty.
func sweep(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, "sallyport-*")) // the pattern is sound
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > time.Minute {
			_ = unix.Rmdir(dir)
		}
	}
}

func (g *cgroup) set(file, value string) bool { return put(filepath.Join(g.dir, file), value) == nil }

// put writes to a file of the kernel, and makes none.
func put(file, value string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// attach lets a program be born in the group.
func (g *cgroup) attach(attr *syscall.SysProcAttr) {
	if g != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(g.fd.Fd())
	}
}

// describe notes in the report what the group enforces.
func (g *cgroup) describe(c *Config, r *Enforcement) {
	if g == nil {
		return
	}
	r.Cgroup = g.dir
	if g.memory {
		r.Memory.By = "cgroup+rlimit_data"
	}
	if g.pids {
		r.Limits.Processes = c.Processes
	}
	r.release = g.remove
}

// lacking lists what the configured folder does not offer.
func (g *cgroup) lacking(c *Config) (all []string) {
	if g != nil && c.Cgroup != "" && !g.memory {
		all = append(all, "cgroup: "+c.Cgroup+" has no memory controller")
	}
	return all
}

// removeTries times a millisecond is how long the kernel may take to forget
// who has been in a group.
const removeTries = 200

// remove kills whoever is left in the group, and the group.
func (g *cgroup) remove() {
	if g == nil {
		return
	}
	_ = g.fd.Close()
	_ = g.set("cgroup.kill", "1")
	for range removeTries {
		if err := unix.Rmdir(g.dir); !errors.Is(err, unix.EBUSY) {
			return
		}
		<-time.After(time.Millisecond)
	}
}

// delegated returns the nearest folder above the gateway's own group that the
// service manager has handed to it and that holds no process itself: there
// groups can be made. It is empty if there is none.
func delegated() string {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	_, path, ok := strings.Cut("\n"+string(own), "\n0::")
	if !ok {
		return ""
	}
	const root = "/sys/fs/cgroup"
	dir := filepath.Join(root, strings.TrimSpace(path))
	for dir = filepath.Dir(dir); len(dir) > len(root); dir = filepath.Dir(dir) {
		if isDelegated(dir) {
			return dir
		}
	}
	return ""
}

func isDelegated(dir string) bool {
	var value [8]byte
	n, err := unix.Getxattr(dir, "user.delegate", value[:])
	if err != nil || string(value[:n]) != "1" {
		return false
	}
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	return err == nil && len(bytes.TrimSpace(procs)) == 0
}

// limits sets those that do not get in the way of the shim.
func (s *shim) limits() error {
	for _, l := range []struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, uint64(s.Files)},
	} {
		if err := lower(l.resource, l.value); err != nil {
			return err
		}
	}
	var data unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &data); err != nil {
		return err
	}
	s.Memory = int64(min(uint64(s.Memory), data.Max)) // set by exec
	s.report.Limits = ResourceLimits{Files: s.Files, Data: s.Memory}
	s.report.Memory = MemoryUsage{By: "rlimit_data+rss_watchdog", Max: s.Memory}
	return nil
}

// limitProcesses limits those of the program's user. Where that is the
// gateway's, its other processes would count, too, and root is exempt.
func (s *shim) limitProcesses() error {
	if s.UID <= 0 && s.Counted {
		return nil
	}
	if s.UID <= 0 {
		const why = "processes: they are counted by user, and the program has none of its own"
		if s.Processes > 0 {
			s.lack(why)
			return nil
		}
		s.report.lack(why)
		return nil
	}
	if s.Processes <= 0 {
		s.Processes = DefaultProcesses
	}
	s.report.Limits.Processes = s.Processes
	return lower(unix.RLIMIT_NPROC, uint64(s.Processes))
}

// lower sets a limit, or leaves one that is lower already.
func lower(resource int, value uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
}
