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
		{unix.RLIMIT_NPROC, uint64(s.Processes)},
	} {
		if err := lower(l.resource, l.value); err != nil {
			return err
		}
	}
	s.report.Limits = Limits{Files: s.Files, Processes: s.Processes, Data: s.Memory}
	s.report.Memory = Memory{By: "rlimit_data+rss_watchdog", Max: s.Memory}
	return nil
}

// limitData comes last: the shim has a heap of its own.
func (s *shim) limitData() error { return lower(unix.RLIMIT_DATA, uint64(s.Memory)) }

// lower sets a limit, or leaves one that is lower already.
func lower(resource int, value uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
}
