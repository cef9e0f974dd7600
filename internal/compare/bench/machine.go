package bench

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Machine says where was measured.
type Machine struct {
	OS         string            `json:"os"`
	Arch       string            `json:"arch"`
	Kernel     string            `json:"kernel,omitempty"`
	CPU        string            `json:"cpu,omitempty"`
	Processors int               `json:"processors"`
	Memory     string            `json:"memory,omitempty"`
	Load       string            `json:"load_average,omitempty"` // before the run
	Go         string            `json:"go"`
	Programs   map[string]string `json:"programs,omitempty"` // versions of interpreters
}

func describe(ctx context.Context) Machine {
	m := Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Processors: processors(),
		Kernel: firstLine("/proc/sys/kernel/osrelease"), Load: firstLine("/proc/loadavg"),
		CPU: valueIn("/proc/cpuinfo", "model name"), Memory: valueIn("/proc/meminfo", "MemTotal"),
		Programs: map[string]string{},
	}
	for _, program := range []string{"node", "python3"} {
		if v := versionOf(ctx, program); v != "" {
			m.Programs[program] = v
		}
	}
	return m
}

// firstLine returns the first line of a file, nothing if it cannot be read.
func firstLine(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// valueIn returns what follows a name and a colon in a file of the kernel.
func valueIn(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func versionOf(ctx context.Context, program string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return ""
	}
	_, version, named := strings.Cut(strings.TrimSpace(string(out)), " ") // "Python 3.11.7"
	if !named {
		version = strings.TrimPrefix(strings.TrimSpace(string(out)), "v") // "v20.20.2"
	}
	return version
}
