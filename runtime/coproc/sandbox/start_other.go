//go:build !linux

package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Start starts the program of cmd without confining it: that takes Linux. With
// [Config.Required] it refuses to.
func Start(cmd *exec.Cmd, c Config, _ time.Duration) (*exec.Cmd, *Enforcement, error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	if c.Required {
		return nil, nil, errors.New("sandbox: nothing of it can be enforced on " + runtime.GOOS)
	}
	report := &Enforcement{
		Program: cmd.Path, UID: os.Getuid(), Capabilities: "inherited",
		Network: Network{TCPBind: true, UDP: "unrestricted", Unix: "unrestricted"},
	}
	for _, what := range []string{
		"user", "capabilities", "files", "tcp", "udp", "unix", "signals",
		"seccomp", "memory", "files limit", "processes",
	} {
		report.lack(what + ": takes Linux")
	}
	return cmd, report, cmd.Start()
}

// Main ends the program: there is no shim on this system.
func Main() { os.Exit(exitSetup) }
