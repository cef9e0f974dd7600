package sandbox

import "golang.org/x/sys/unix"

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
