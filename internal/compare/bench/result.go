package bench

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Schema is the version of the form of [Result]. It changes when a member goes
// or means something else, not when one is added.
const Schema = 1

// Result is what a run has found.
type Result struct {
	Schema  int       `json:"schema"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Took    float64   `json:"took_s"`

	Options  Settings   `json:"options"`
	Machine  Machine    `json:"machine"`
	Hooks    []Workload `json:"hooks"`
	Noise    []Noise    `json:"noise"`
	Warnings []string   `json:"warnings"`
	Rows     []Row      `json:"rows"`
	Skipped  []Skipped  `json:"not_measured"`
}

// Settings are the options that were used.
type Settings struct {
	Rows        []string `json:"rows,omitempty"` // none is all
	Duration    float64  `json:"duration_s"`
	Rounds      int      `json:"rounds"`
	Slice       float64  `json:"slice_s"`
	Pace        float64  `json:"rate_s"` // at each rate of the open loop
	Chain       int      `json:"chain"`
	Concurrency int      `json:"concurrency"`
}

// Row is one configuration with one hook. CPU times are in microseconds for
// each request; added is what the plugin costs beyond the gateway without one.
type Row struct {
	Hook  string `json:"hook"`
	Name  string `json:"name"`
	Model string `json:"model"`
	Guest string `json:"guest"`
	Mode  string `json:"mode"`
	Chain int    `json:"chain"`

	CPU        float64 `json:"cpu_us_per_request"` // gateway and plugin together
	GatewayCPU float64 `json:"cpu_us_gateway"`
	PluginCPU  float64 `json:"cpu_us_plugin"` // of the external process
	CPUMin     float64 `json:"cpu_us_min"`
	CPUMax     float64 `json:"cpu_us_max"`
	Added      float64 `json:"added_cpu_us"`
	AddedDev   float64 `json:"added_cpu_us_deviation"` // half of the rounds were nearer to it
	Rate       float64 `json:"rps"`                    // with all connections busy
	RateMin    float64 `json:"rps_min"`
	RateMax    float64 `json:"rps_max"`

	// P50 and P99 are at half of that rate; AloneP50 is with one request at a
	// time.
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	AloneP50 float64 `json:"alone_p50_us"`

	Allocs float64 `json:"allocs_per_request"` // of the gateway
	Bytes  float64 `json:"bytes_per_request"`  // allocated by the gateway

	// Memory is one instance: its resident pages in the sandbox, the resident
	// process, or what an interpreter allocates for the request it is made
	// for. Null where there are no instances.
	Memory        *float64 `json:"memory_per_instance_kib"`
	Instances     int      `json:"instances"`
	GatewayMemory float64  `json:"gateway_memory_mib"` // resident, at the end

	// ColdStart is the time from the start of the program to the first answer
	// through the plugin, with machine code kept from an earlier start; Load
	// what loading the plugins took in that earlier one.
	ColdStart float64 `json:"cold_start_ms"`
	Load      float64 `json:"load_ms"`

	Latency []Latency `json:"latency"`
}

// Latency is the open loop at one rate. Times are in microseconds.
type Latency struct {
	Percent  int      `json:"percent"` // of the row's own rate
	Rate     float64  `json:"rate"`
	Requests int      `json:"requests"`
	Late     int      `json:"late"` // not answered in time: the rate was too high
	P50      float64  `json:"p50_us"`
	P99      float64  `json:"p99_us"`
	P999     *float64 `json:"p999_us"` // null with less than 1,000 requests

	// What is added to the latency of the gateway without a plugin at the
	// same rate.
	AddedP50  float64  `json:"added_p50_us"`
	AddedP99  float64  `json:"added_p99_us"`
	AddedP999 *float64 `json:"added_p999_us"`
}

// Noise is what two equal rows differed by.
type Noise struct {
	Hook   string  `json:"hook"`
	Added  float64 `json:"added_cpu_us"` // between the two gateways without a plugin
	Floor  float64 `json:"floor_us"`     // added below this is not told from nothing
	Spread float64 `json:"spread"`       // of the slices of one row, relative
}

// Skipped is a row that was not measured.
type Skipped struct {
	Hook   string `json:"hook"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
	Failed bool   `json:"failed"` // it should have been
}

// Failed reports whether a row that should have been measured was not.
func (r *Result) Failed() bool {
	for i := range r.Skipped {
		if r.Skipped[i].Failed {
			return true
		}
	}
	return false
}

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
