package sandbox

import (
	"bytes"
	"os"
	"strconv"

	"github.com/c386954a/sallyport/internal/procstat"
)

// Enforcement says what is enforced on a program, not what was asked for.
type Enforcement struct {
	Program      string `json:"program,omitempty"` // as found, links followed
	UID          int    `json:"uid"`
	Capabilities string `json:"capabilities"` // "none", or "inherited"
	NoNewPrivs   bool   `json:"no_new_privs"`
	PDeathSig    bool   `json:"pdeathsig"`     // it dies with the gateway
	PIDNamespace bool   `json:"pid_namespace"` // and so does all it has started
	IPCNamespace bool   `json:"ipc_namespace"` // System V and POSIX queues are its own, and end with it

	Landlock Landlock       `json:"landlock"`
	Seccomp  int            `json:"seccomp"` // system calls refused; 0 means no filter
	Network  Network        `json:"network"`
	Limits   ResourceLimits `json:"rlimits"`
	Memory   MemoryUsage    `json:"memory"`

	Cgroup string `json:"cgroup,omitempty"` // control group of its own; empty if it has none

	Missing []string `json:"missing"` // what cannot be enforced here, and why

	release func()
}

// Landlock is the part of a [Enforcement] that Landlock enforces.
type Landlock struct {
	ABI     int  `json:"abi"` // 0 means that the kernel has none
	Files   bool `json:"files"`
	TCP     bool `json:"tcp"`     // ports
	Signals bool `json:"signals"` // none to processes outside, nor abstract sockets
}

// Network says what a program may connect to.
type Network struct {
	TCPConnect []int  `json:"tcp_connect"`
	TCPBind    bool   `json:"tcp_bind"`
	UDP        string `json:"udp"`  // "denied" or "unrestricted"
	Unix       string `json:"unix"` // sockets of the file system: "denied" or "unrestricted"
}

// ResourceLimits are the resource limits of a [Enforcement].
type ResourceLimits struct {
	Files     int   `json:"nofile"`
	Processes int   `json:"nproc"`
	Data      int64 `json:"data"`
}

// MemoryUsage says how the memory limit is enforced.
type MemoryUsage struct {
	By  string `json:"by"`
	Max int64  `json:"max"`
}

// Close ends what is left of a program that has ended, and its control group.
// Only the first call does something.
func (r *Enforcement) Close() {
	if r.release != nil {
		r.release()
		r.release = nil
	}
}

// lack notes what cannot be enforced.
func (r *Enforcement) lack(what string) { r.Missing = append(r.Missing, what) }

// Resident returns the bytes of memory that a process and its descendants
// hold. Pages they share are counted for each. It is 0 once they are gone, and
// on systems other than Linux.
func Resident(pid int) int64 {
	total, err := procstat.Resident(pid)
	if err != nil {
		return 0
	}
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return total
	}
	for _, t := range threads {
		children, err := os.ReadFile(dir + t.Name() + "/children")
		if err != nil {
			continue
		}
		for field := range bytes.FieldsSeq(children) {
			if child, err := strconv.Atoi(string(field)); err == nil {
				total += Resident(child)
			}
		}
	}
	return total
}
