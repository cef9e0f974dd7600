package faults

import (
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
)

// Scenario is one thing that a plugin does wrong.
type Scenario struct {
	ID    string `json:"id"`    // also the last part of its path in the lab
	Title string `json:"title"` // a few words

	aim  aim
	says map[string]string // what the plugin does, by model; "" stands for the others
}

// aim is what a fault is out for, which decides how the requests are judged.
type aim int

const (
	harm   aim = iota // to break something: its request must end with an error
	escape            // to get at something outside: its request may go on
	state             // to find what an earlier request left
	race              // to answer when the deadline passes
)

// Explain says in one sentence what the plugin does, as the model allows it.
func (f Scenario) Explain(model string) string {
	if s, ok := f.says[model]; ok {
		return s
	}
	return f.says[""]
}

// FaultByID returns the fault of that name.
func FaultByID(id string) (Scenario, bool) {
	all := Faults()
	i := slices.IndexFunc(all, func(f Scenario) bool { return f.ID == id })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}

// Faults returns all faults in the order of the table.
func Faults() []Scenario {
	return slices.Concat(breaking(), flooding(), leaking(), escaping())
}

func breaking() []Scenario {
	return []Scenario{
		{attack.Crash, "crash", harm, map[string]string{
			"":     "Executes an instruction that is not allowed.",
			WasmJS: "Throws an error.", JSVM: "Throws an error.",
			Process: "Ends the process.", Bare: "Ends the process.",
		}},
		{attack.Hang, "endless loop", harm, map[string]string{"": "Computes for ever."}},
		{
			attack.MemoryBomb, "memory bomb", harm,
			map[string]string{"": "Takes a MiB of memory after the other and writes to it."},
		},
		{attack.MemoryStep, "memory in one step", harm, map[string]string{
			"":      "Asks for 320 MiB of memory at once.",
			WasmJS:  "Joins strings to one of 512 MiB, in one native step.",
			JSVM:    "Joins strings to one of 512 MiB, in one native step.",
			Process: "Asks for 640 MiB of memory at once.", Bare: "Asks for 640 MiB of memory at once.",
		}},
		{attack.StackBomb, "stack bomb", harm, map[string]string{"": "Calls itself until the stack ends."}},
		{attack.ForkBomb, "fork bomb", harm, map[string]string{
			"":      "Calls two functions that call two functions, 60 deep: there is nothing to fork.",
			Process: "Starts 64 processes that stay.", Bare: "Starts 64 processes that stay.",
		}},
		{attack.Garbage, "garbage as output", harm, map[string]string{
			"":     "Returns a verdict that does not exist and pointers to nowhere.",
			WasmJS: "Returns values of types that make no sense.", JSVM: "Returns values of types that make no sense.",
			Process: "Writes bytes that are no message to the pipe.", Bare: "Writes bytes that are no message to the pipe.",
		}},
		{
			attack.HugeOutput, "output above the limit", harm,
			map[string]string{"": "Answers with more bytes than a plugin may."},
		},
		{attack.Kill, "end the gateway", harm, map[string]string{
			"":     "Calls the system's exit function.",
			WasmJS: "Calls whatever may be an exit function.", JSVM: "Calls whatever may be an exit function.",
			Process: "Sends SIGKILL to the gateway.", Bare: "Sends SIGKILL to the gateway.",
		}},
	}
}

func flooding() []Scenario {
	return []Scenario{
		{attack.LogFlood, "log flood", harm, map[string]string{"": "Writes large lines to the log without end."}},
		{attack.SlowHost, "slow host call", harm, map[string]string{
			"":      "Asks a server that it may ask, and which does not answer.",
			Process: "Asks a server that does not answer, without a deadline of its own.",
			Bare:    "Asks a server that does not answer, without a deadline of its own.",
		}},
		{attack.Deadline, "answer at the deadline", race, map[string]string{
			"": "Answers within six milliseconds before or after its deadline, twelve times.",
		}},
	}
}

func leaking() []Scenario {
	return []Scenario{
		{
			attack.LeakRequests, "state leak between requests", state,
			map[string]string{"": "Keeps a secret of one client and looks for it in the requests of others."},
		},
		{
			attack.LeakAPIs, "state leak between APIs", state,
			map[string]string{"": "Keeps a secret of one API and looks for it in the requests of another."},
		},
	}
}

func escaping() []Scenario {
	return []Scenario{
		{attack.ReadFile, "read a file", escape, map[string]string{
			"":     "Opens a file through every descriptor that may be a folder.",
			WasmJS: "Calls whatever may read a file.", JSVM: "Calls whatever may read a file.",
			Process: "Opens a file that it was not granted.", Bare: "Opens a file that nobody granted.",
		}},
		{attack.OpenSocket, "open a socket", escape, map[string]string{
			"":      "Sends a request to a server that it was not granted.",
			JSVM:    "Sends a request to a server that nobody granted.",
			Process: "Connects to a port that it was not granted.", Bare: "Connects to a port that nobody granted.",
		}},
		{attack.ReadEnv, "read the environment", escape, map[string]string{
			"":     "Reads a value of the gateway's environment that it was not granted.",
			WasmJS: "Calls whatever may read the environment.", JSVM: "Calls whatever may read the environment.",
			Process: "Reads its own environment and that of the gateway.",
			Bare:    "Reads its own environment and that of the gateway.",
		}},
	}
}

// Names of the models.
const (
	Wasm    = "wasm"        // a module in the sandbox
	WasmJS  = "wasm-js"     // JavaScript in the sandbox
	JSVM    = "jsvm"        // JavaScript on the legacy VM
	Process = "coproc"      // the external process, confined
	Bare    = "coproc-bare" // the external process without its sandbox
)

// Model is one way of running a plugin, a column of the table.
type Model struct {
	ID    string `json:"id"`    // also the middle part of its paths in the lab
	Title string `json:"title"` // a few words

	// Sandbox says that the model promises to contain everything: a verdict of
	// not contained fails the suite.
	Sandbox bool `json:"sandbox"`

	// KeepsState says that what a request leaves is there for the next one,
	// because the model is made so.
	KeepsState bool `json:"keeps_state"`

	runtime string // in the configuration
}

// Models returns all models in the order of the table.
func Models() []Model {
	return []Model{
		{Wasm, "WebAssembly in the sandbox", true, false, "wasm"},
		{WasmJS, "JavaScript in the sandbox", true, false, "wasm"},
		{JSVM, "JavaScript on the legacy VM", false, false, "jsvm"},
		{Process, "external process, confined", false, true, "coproc"},
		{Bare, "external process, not confined", false, true, "coproc"},
	}
}

// ModelByID returns the model of that name.
func ModelByID(id string) (Model, bool) {
	all := Models()
	i := slices.IndexFunc(all, func(m Model) bool { return m.ID == id })
	if i < 0 {
		return Model{}, false
	}
	return all[i], true
}

// Reachable returns the command with a copy of its program that every user may
// start, if the gateway runs as root: the external process then gets a user of
// its own, who may not be let into the folder of the original. remove removes
// the copy.
func Reachable(command []string) (reached []string, remove func(), err error) {
	if os.Geteuid() != 0 || len(command) == 0 {
		return command, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "sallyport-faults-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	reached = slices.Clone(command)
	reached[0] = filepath.Join(dir, filepath.Base(command[0])) // a program may go by its name
	if err = os.Chmod(dir, 0o755); err == nil {
		err = duplicate(command[0], reached[0])
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return reached, remove, nil
}

func duplicate(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}
