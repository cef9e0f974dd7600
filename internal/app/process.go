package app

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// processConfig returns the settings of the external process.
func processConfig(c *config.Coproc, logger *zerolog.Logger) coproc.Config {
	out := coproc.Config{
		Logger: logger, Version: Version(),
		Dir: c.Dir.Value, StartTimeout: c.StartTimeout, Sandbox: confinement(c.Sandbox),
		MaxInFlight: c.MaxInFlight, MaxMessage: int(c.MaxMessage),
	}
	for _, word := range c.Command {
		out.Command = append(out.Command, word.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		out.Env = append(out.Env, name+"="+c.Env[name])
	}
	return out
}

// confinement returns what the process may do, nil if it is not confined.
func confinement(s *config.Sandbox) *sandbox.Config {
	if s == nil {
		return nil
	}
	return &sandbox.Config{
		User: s.User, Memory: s.Memory, Files: s.Files, Processes: s.Processes,
		Read: absolute(s.Read), Write: absolute(s.Write), Exec: absolute(s.Exec),
		TCP: s.TCP, UDP: s.UDP, Unix: s.Unix, Cgroup: s.Cgroup, Required: s.Required,
	}
}

// absolute returns paths that do not depend on the working directory, because
// the process has a working directory of its own.
func absolute(paths []config.Text) []string {
	var all []string
	for _, p := range paths {
		if path, err := filepath.Abs(p.Value); err == nil {
			all = append(all, path)
		}
	}
	return all
}
