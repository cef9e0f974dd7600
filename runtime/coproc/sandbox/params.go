package sandbox

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
