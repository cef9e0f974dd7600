package jsvm

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/loglimit"
)

// shimName is the file name of our own scripts in stack traces.
const shimName = "<tyk>"

// task is what a VM works on: a call, or loading. It holds only copies, because
// the goroutine of the VM may end after the call.
type task struct {
	file    string                    // the script, for messages
	files   []string                  // all files of it
	plugin  string                    // name of the plugin
	orgOf   func(apiID string) string // finds the organisation of an API
	api     *abi.API                  // that of the request; nil while loading
	request string                    // id of the request

	keepCase bool // of header names in what the script sends

	// deadline is when the call ends, including all calls of the host.
	deadline time.Time

	// The fields below belong to the VM's goroutine.
	running              string     // the file that runs while loading
	thrown               otto.Value // by the last throw
	thrownAt, thrownText string
	stoppedAt            string // where the deadline struck
	logged               loglimit.Budget
	timers               map[string]time.Time
}

// begin assigns a call to a VM.
func (t *task) begin(c *call, deadline time.Time) {
	t.keepCase = c.plugin.options.KeepHeaderCase
	t.plugin, t.orgOf, t.api, t.request, t.deadline = c.plugin.name, c.plugin.orgOf, c.api, c.request, deadline
}

// maxTimers bounds the timers of console.time in one call.
const maxTimers = 100

func (t *task) startTimer(label string) {
	if t.timers == nil {
		t.timers = make(map[string]time.Time)
	}
	if len(t.timers) < maxTimers {
		t.timers[label] = time.Now()
	}
}

// fault classifies what otto returned.
func (t *task) fault(err error) error {
	if e, ok := errors.AsType[*abi.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*otto.Error](err); ok {
		return abi.Errorf(abi.Trap, "%s: %s", t.locate(e), e.Error())
	}
	if err.Error() == t.thrownText && t.thrownAt != "" {
		return abi.Errorf(abi.Trap, "%s: uncaught %s", t.thrownAt, t.thrownText)
	}
	return abi.Errorf(abi.Trap, "%s: uncaught %w", cmp.Or(t.running, t.file), err)
}

// locate returns the innermost position of the script in the trace of e. It
// returns a position in our own scripts only if there is no other.
func (t *task) locate(e *otto.Error) string {
	found := cmp.Or(t.running, t.file)
	for line := range strings.Lines(e.String()) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
		if !ok {
			continue
		}
		if i := strings.LastIndexByte(line, '('); i >= 0 {
			line = strings.TrimSuffix(line[i+1:], ")")
		}
		if t.owns(line) {
			return line
		}
		if found == cmp.Or(t.running, t.file) && strings.HasPrefix(line, shimName) {
			found = t.file + " (in " + line + ")"
		}
	}
	return found
}

// owns reports whether a position is in one of the script's files.
func (t *task) owns(position string) bool {
	return slices.ContainsFunc(t.files, func(file string) bool { return strings.HasPrefix(position, file+":") })
}

// stopped is where the script was interrupted, as far as that is known.
func (t *task) stopped() string { return cmp.Or(t.stoppedAt, t.running, t.file) }

// timeout reports the deadline.
func (t *task) timeout() error {
	return abi.Errorf(abi.Timeout, "%s: the script was still running at the deadline", t.stopped())
}

// outOfMemory reports that the memory watch has interrupted the script.
func (t *task) outOfMemory() error {
	return abi.Errorf(abi.Limit, "%s: memory grew by more than the limit while the script ran", t.stopped())
}

// panicked reports a panic in otto that is not a JavaScript exception.
func (t *task) panicked(caught any) error {
	return abi.Errorf(abi.Trap, "%s: panic in the engine: %v", t.file, caught)
}

// unkind removes the kind from an error of loading, where only calls have kinds.
func unkind(err error) error {
	if e, ok := errors.AsType[*abi.Error](err); ok {
		return e.Err
	}
	return err
}
