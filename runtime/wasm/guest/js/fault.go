package js

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

var errLate = errors.New("the script was still running at the deadline")

// thrown returns the exception that is pending in the engine as an error.
func (g *scriptGuest) thrown() error {
	what, at := g.describe()
	if g.machine.err != nil {
		return g.broken()
	}
	switch {
	case !time.Now().Before(g.deadline):
		return abi.Errorf(abi.Timeout, "%s: %w", at, errLate)
	case strings.HasPrefix(what, outOfMemory), what == nothing && g.full():
		return abi.Errorf(abi.Limit, "%s: %s", at, outOfMemory)
	case strings.HasPrefix(what, "RangeError"):
		g.DropStack() // because its stack may have been used up
	}
	return abi.Errorf(abi.Trap, "%s: %s", at, what)
}

// The engine reports its memory limit by an error, or, if there is not enough
// left for that, by throwing null.
const (
	outOfMemory = "InternalError: out of memory"
	nothing     = "uncaught null"
)

// full reports whether the memory has grown up to its limit in this call. It does
// not shrink during a call.
func (g *scriptGuest) full() bool {
	limit := g.program.config.Memory
	return int64(g.machine.memory.Size()) > limit-limit/4
}

// maxDescription is how much of an exception's text is kept.
const maxDescription = 1 << 10

// describe takes the exception out of the engine and returns its text, and
// where it was thrown.
func (g *scriptGuest) describe() (what, at string) {
	l, m := g.layout, &g.machine
	at = g.program.sources.main()
	v := value(m.call(jsGetException, uint64(l.context)))
	text := g.invoke(l.functions.describe, v)
	if m.err != nil || text == l.exception {
		return outOfMemory, at // or something else that prevents a description
	}
	p := m.address(jsText, uint64(l.context), uint64(l.length()), uint64(text), 0)
	if p == 0 {
		return outOfMemory, at
	}
	what, stack, _ := strings.Cut(string(m.read(p, m.u32(l.length()))), "\n")
	what = what[:min(len(what), maxDescription)]
	return strings.ToValidUTF8(what, "\uFFFD"), g.program.locate(stack)
}

// locate returns the innermost position in a file of the plugin. A stack has
// lines like "    at name (file:line:column)".
func (p *Program) locate(stack string) string {
	for line := range strings.Lines(stack) {
		line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "at "), ")")
		if i := strings.LastIndex(line, " ("); i >= 0 {
			line = line[i+2:]
		}
		for _, f := range p.sources.all() {
			if strings.HasPrefix(line, f.name+":") {
				return line
			}
		}
	}
	return p.sources.main()
}

// refused gives an error of loading the kind that belongs to loading.
func refused(err error) error {
	if e, ok := errors.AsType[*abi.Error](err); ok {
		if e.Kind == abi.Timeout {
			return abi.Errorf(abi.Refused, "%w: it must end in time when it is loaded", e.Err)
		}
		return &abi.Error{Kind: abi.Refused, Err: e.Err}
	}
	return fmt.Errorf("load: %w", err)
}
