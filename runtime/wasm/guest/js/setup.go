package js

import (
	"bytes"
	"context"
	_ "embed" // our own scripts
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// Our own scripts, which are functions to be called with what they need. They
// are never written to.
var (
	//go:embed host.js
	hostText string
	//go:embed dispatch.js
	dispatchText string
	//go:embed compat.js
	compatText string
)

const (
	// maxStack is how much of its C stack of 1 MiB the engine may use before
	// it throws a RangeError.
	maxStack = 256 << 10
	// overhead is the memory outside of the engine's heap: C stack and data.
	overhead = 1280 << 10
	// spare is how much heap is made ready before the image is taken, so that
	// most calls need not let the memory grow.
	spare = 512 << 10
)

// Start makes the engine ready and runs the script. An error is of kind
// Refused, or the engine's own.
func (g *scriptGuest) Start(ctx context.Context, deadline time.Time) error {
	g.begin(ctx, nil, deadline)
	s := &setup{scriptGuest: g}
	s.prepare()
	for _, step := range []func() error{s.scripts, s.script, s.entry, s.dispatch} {
		if err := step(); err != nil {
			return s.refuse(err)
		}
		if g.machine.err != nil {
			return g.machine.err
		}
	}
	s.finish()
	return g.machine.err
}

// setup makes an instance ready for its first call.
type setup struct {
	*scriptGuest
	global, tools, stock value
	module               value  // namespace of the last file, if it is a module
	found                value  // the entry
	running              string // file, or nothing before the first
}

// refuse turns an error of loading into a refusal. It names the file that was
// still running when the time was up, which the engine has no way to say.
func (s *setup) refuse(err error) error {
	_, explained := errors.AsType[*abi.Error](err)
	if !explained && s.running != "" && !time.Now().Before(s.deadline) {
		err = abi.Errorf(abi.Timeout, "%s: %w", s.running, errLate)
	}
	return refused(err)
}

// prepare starts the engine and learns where things are.
func (s *setup) prepare() {
	m, l := &s.machine, &layout{}
	s.layout = l
	if m.address(qjsInit) != 0 && m.err == nil {
		m.err = errors.New("the engine cannot be started")
	}
	l.context, l.runtime = m.address(qjsContext), m.address(qjsRuntime)
	l.name = m.place([]byte("<json>"))
	l.scratch, l.buffer = m.alloc(scratchSize), m.alloc(bufferSize)
	l.undefined, l.null = m.unbox(m.address(qjsUndefined)), m.unbox(m.address(qjsNull))
	m.call(jsMaxStack, uint64(l.runtime), maxStack)
	m.call(jsMemoryLimit, uint64(l.runtime), uint64(max(s.program.config.Memory-overhead, 1<<20)))
	l.exception = s.eval("<engine>", "throw null", evalGlobal)
	m.call(jsGetException, uint64(l.context)) // which takes it away
	o := value(m.call(jsNewObject, uint64(l.context)))
	l.object = o.tag()
	s.global = s.eval("<engine>", "globalThis", evalGlobal)
}

// The engine's JS_EVAL_*.
const (
	evalGlobal  = 0
	evalModule  = 1
	evalCompile = 1 << 5
)

// eval runs a text as a program of that name.
func (s *setup) eval(name, text string, flags uint64) value {
	m := &s.machine
	at, file := m.place([]byte(text)), m.place([]byte(name))
	v := value(m.call(jsEval, uint64(s.layout.context), uint64(at), uint64(len(text)), uint64(file), flags))
	m.free(at)
	m.free(file)
	return v
}

// function runs a text that is a function, and calls it.
func (s *setup) function(name, text string, args ...value) (value, error) {
	f := s.eval(name, text, evalGlobal)
	if s.machine.err != nil || f == s.layout.exception {
		return s.checked(f)
	}
	return s.checked(s.invoke(f, args...))
}

func (s *setup) checked(v value) (value, error) {
	switch {
	case s.machine.err != nil:
		return v, s.broken()
	case v == s.layout.exception:
		return v, s.thrown()
	}
	return v, nil
}

// scripts runs our own scripts, and the one that runs before the functions of
// the gateway exist.
func (s *setup) scripts() (err error) {
	if err := s.dispatcher(s.layout.undefined); err != nil { // to describe what may go wrong
		return err
	}
	if _, err := s.checked(s.eval("<underscore>", jsapi.Underscore(), evalGlobal)); err != nil {
		return err
	}
	if s.tools, err = s.function("<host>", hostText, s.global, s.hostFunctions()); err != nil {
		return err
	}
	if s.program.options.Compat != "" {
		if _, err := s.function("<compat>", compatText, s.global); err != nil {
			return err
		}
	}
	if _, err = s.function("<tyk>", jsapi.Core(), s.global, s.tools); err != nil {
		return err
	}
	if s.stock, err = s.checked(s.eval("<tyk>", "TykJS.TykMiddleware.NewMiddleware.prototype", evalGlobal)); err != nil {
		return err
	}
	if p := s.program.sources.preload; p != nil {
		if err := s.run(*p); err != nil {
			return err
		}
	}
	if _, err := s.checked(s.invoke(s.property(s.tools, "install"))); err != nil {
		return err
	}
	_, err = s.function("<tyk>", jsapi.Answer(), s.global, s.tools)
	return err
}

// script runs the files of the plugin.
func (s *setup) script() error {
	for _, f := range s.program.sources.files {
		if err := s.run(f); err != nil {
			return err
		}
	}
	return nil
}

// run runs one file, as a script or as a module.
func (s *setup) run(f scriptFile) error {
	s.running = f.name
	text := string(bytes.TrimPrefix(f.text, []byte("\uFEFF")))
	if s.isModule(f.name, text) {
		return s.runModule(f.name, text)
	}
	if _, err := s.checked(s.eval(f.name, text, evalGlobal)); err != nil {
		return err
	}
	s.settle(s.layout.undefined)
	return nil
}

// isModule reports whether a text that is not a script is a module, or was meant
// to be one.
func (s *setup) isModule(name, text string) bool {
	if !strings.Contains(text, "export") && !strings.Contains(text, "import") && !strings.Contains(text, "await") {
		return false
	}
	return s.mistake(name, text, evalGlobal) && (!s.mistake(name, text, evalModule) || statement.MatchString(text))
}

// statement is what only modules have.
var statement = regexp.MustCompile(`(?m)^\s*(import|export)[\s{*"']`)

// mistake reports whether a text has a mistake as a script or a module.
func (s *setup) mistake(name, text string, flags uint64) bool {
	v := s.eval(name, text, flags|evalCompile)
	if v != s.layout.exception { // the garbage collector of the engine frees it
		return false
	}
	what, _ := s.describe()
	return strings.HasPrefix(what, "SyntaxError")
}

// runModule runs a module; what it exports can be the entry.
func (s *setup) runModule(name, text string) error {
	m := &s.machine
	at, file := m.place([]byte(text)), m.place([]byte(name))
	promise, err := s.checked(m.unbox(m.address(qjsEval, uint64(at), uint64(len(text)), uint64(file), evalModule)))
	if err != nil {
		return err
	}
	await, err := s.checked(s.eval("<module>", awaitText, evalGlobal))
	if err != nil {
		return err
	}
	settled, err := s.checked(s.invoke(await, promise))
	if err != nil {
		return err
	}
	s.settle(s.layout.undefined)
	s.module, err = s.checked(s.invoke(settled))
	return err
}

// awaitText is a function that returns a function for the value of a promise.
const awaitText = `(function (promise) {
	let value, reason, done, failed;
	promise.then((v) => { value = v; done = true; }, (r) => { reason = r; failed = true; });
	return function () {
		if (failed) { throw reason; }
		if (!done) { throw new Error("an await at the top level never settles: nothing is left that could do it"); }
		return value;
	};
})`

// entry looks the entry up and finds out which hooks it serves.
func (s *setup) entry() error {
	name := s.program.spec.Entry
	s.found = s.lookUp(name)
	if s.machine.err != nil {
		return s.broken()
	}
	if s.found.tag() != s.layout.object {
		return abi.Errorf(abi.Refused, "%s: no object or function named %s", s.program.sources.main(), name)
	}
	kinds, err := s.function("<hooks>", jsapi.Hooks(), s.found, s.stock)
	if err != nil {
		return err
	}
	if s.layout.hooks = hooksOf(s.text(kinds)); s.layout.hooks == 0 {
		return abi.Errorf(abi.Refused, "%s: %s has no handler. Give it one with NewProcessRequest or NewProcessResponse",
			s.program.sources.main(), name)
	}
	if missing := s.program.spec.Hooks &^ s.layout.hooks; missing != 0 {
		return abi.Errorf(abi.Refused, "%s: %s does not implement %s: it has handlers for %s",
			s.program.sources.main(), name, missing, s.layout.hooks)
	}
	return nil
}

// lookUp finds an exported name, or else a global one. It is undefined if
// there is neither.
func (s *setup) lookUp(name string) value {
	if s.module != 0 {
		first, rest, _ := strings.Cut(name, ".")
		if v := s.property(s.module, first); v != s.layout.undefined {
			for rest != "" && v.tag() == s.layout.object {
				first, rest, _ = strings.Cut(rest, ".")
				v = s.property(v, first)
			}
			return v
		}
	}
	v := s.eval("<entry>", name, evalGlobal)
	if v == s.layout.exception {
		s.machine.call(jsGetException, uint64(s.layout.context))
		return s.layout.undefined
	}
	return v
}

func (s *setup) property(object value, name string) value {
	m := &s.machine
	at := m.place([]byte(name))
	v := value(m.call(jsGetProperty, uint64(s.layout.context), uint64(object), uint64(at)))
	m.free(at)
	return v
}

// text returns the text of a string.
func (s *setup) text(v value) string {
	m, l := &s.machine, s.layout
	at := m.address(jsText, uint64(l.context), uint64(l.length()), uint64(v), 0)
	text := string(m.read(at, m.u32(l.length())))
	m.call(jsFreeText, uint64(l.context), uint64(at))
	return text
}

// dispatch takes the functions that serve the entry.
func (s *setup) dispatch() error { return s.dispatcher(s.found) }

func (s *setup) dispatcher(entry value) error {
	fresh := s.parse(strconv.AppendBool(nil, s.program.fresh()))
	blank := s.parse(object.AppendRequest(nil, &abi.Exchange{}))
	names, err := json.Marshal(object.RequestParts())
	if err != nil {
		return err
	}
	d, err := s.function("<dispatch>", dispatchText, entry, s.string(s.program.zero), fresh, blank, s.parse(names))
	if err != nil {
		return err
	}
	s.layout.functions = functions{
		request: s.property(d, "request"), response: s.property(d, "response"),
		virtual: s.property(d, "virtual"), event: s.property(d, "event"),
		settled: s.property(d, "settled"), describe: s.property(d, "describe"),
	}
	return nil
}

// finish collects what the set-up has left, and makes spare memory ready.
func (s *setup) finish() {
	m, l := &s.machine, s.layout
	m.call(jsCollect, uint64(l.runtime))
	m.call(jsThreshold, uint64(l.runtime), uint64(s.program.config.Memory/2))
	room := m.alloc(spare)
	if s.program.fresh() {
		s.plug(room)
	}
	m.free(room)
}

// plug fills the holes that the set-up has left below an address. Calls then
// allocate from adjacent memory and write to fewer pages, each of which has to be
// restored.
func (s *setup) plug(below uint32) {
	for size := largestHole; size >= smallestHole; size -= max(smallestHole, size/8) {
		for s.machine.err == nil {
			at := s.machine.alloc(size)
			if at > below {
				s.machine.free(at)
				break
			}
		}
	}
}

// Sizes of holes.
const (
	largestHole  = 64 << 10
	smallestHole = 8
)

func hooksOf(kinds string) (set abi.HookSet) {
	for kind := range strings.FieldsSeq(kinds) {
		switch kind {
		case "virtual":
			set |= abi.SetOf(abi.Virtual)
		case "request":
			set |= requestHooks()
		case "response":
			set |= abi.SetOf(abi.Response)
		case "event":
			set |= abi.SetOf(abi.Event)
		}
	}
	return set
}
