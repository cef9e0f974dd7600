package sandbox

import (
	"errors"
	"fmt"
	"slices"
)

// Command is the argument that makes the gateway's executable the shim. The
// main function of every program that calls [Start] must call [Main] for it
// before it does anything else.
const Command = "sandbox-exec"

// Defaults of a [Config].
const (
	DefaultMemory    = 1 << 30
	DefaultFiles     = 1024
	DefaultProcesses = 256

	// defaultUser is outside the ranges that systems hand out: ordinary and
	// dynamic users, containers.
	defaultUser = 60900
	nobody      = 65534 // where a container has no such user
)

// Config says what a program may do. The zero value grants nothing beyond
// what the program needs to start, and has the default limits.
type Config struct {
	User string // name or number; when started as root a user of its own

	Memory    int64 // bytes, of the process group together; DefaultMemory
	Files     int   // open descriptors; DefaultFiles
	Processes int   // processes and threads of its user; DefaultProcesses if it has one of its own

	Read  []string // files and folders it may read
	Write []string // folders it may read and change
	Exec  []string // programs, or folders of them, it may start besides itself

	TCP  []int // ports it may connect to, on any host
	UDP  bool  // it may use UDP, for instance to resolve names
	Unix bool  // it may connect to sockets of the file system

	// Cgroup is a folder of the cgroup v2 hierarchy that holds no processes
	// and in which the program gets a group of its own. Empty looks for one
	// that the service manager has delegated.
	Cgroup string

	// Required refuses to start the program if anything that was asked for,
	// or that all of it rests on, cannot be enforced.
	Required bool
}

func (c Config) withDefaults() Config {
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	if c.Files <= 0 {
		c.Files = DefaultFiles
	}
	return c
}

// check reports what can never be enforced.
func (c *Config) check() error {
	for _, port := range c.TCP {
		if port < 1 || port > 65535 {
			return fmt.Errorf("there is no TCP port %d", port)
		}
	}
	if slices.Contains(slices.Concat(c.Read, c.Write, c.Exec), "") {
		return errors.New("an empty path is granted")
	}
	return nil
}

// params is what the shim is told on descriptor 3.
type params struct {
	Config

	Program string   // absolute path
	Binary  bool     // it is no script
	Args    []string // with the program's name
	UID     int      // to become; -1 stays
	GID     int
	Named   bool     // the user was asked for, so nothing else will do
	Reach   []string // files the user must be able to read

	Base  []string // files and folders that may be read if they are there
	Start []string // files that must be executable for the program to start

	Parent  int      // the gateway's process number
	InPIDNS bool     // the shim is the first of a process namespace
	InIPCNS bool     // the shim is alone in an IPC namespace
	Counted bool     // a control group limits the processes
	Lacking []string // what was asked for and cannot be
}

// checkOutcome is what the shim says on descriptor 4: a report, and then, if the
// confinedProgram could not be started, a failure.
type checkOutcome struct {
	Report *Enforcement `json:",omitempty"`
	Step   string       `json:",omitempty"`
	Errno  int          `json:",omitempty"`
	Text   string       `json:",omitempty"`
}

// Exit codes of the shim, as shells have them.
const (
	exitSetup   = 125
	exitNoExec  = 126
	exitMissing = 127
)
