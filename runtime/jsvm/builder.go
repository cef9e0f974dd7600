package jsvm

import (
	_ "embed" // our own scripts
	"strings"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/tykjs"
)

// Our own scripts, which are functions to be called with what they need.
var (
	//go:embed dynamic.js
	dynamicText string
	//go:embed json.js
	jsonText string
)

// builder makes the VM of a template: our own part, underscore if the script
// needs it, the script.
type builder struct {
	*template
	machine *machine
	source  *source
	stock   otto.Value // the prototype of middleware objects
}

// build leaves the template ready to be copied. Parsing is part of it, because
// otto's parser takes time by the cube of some texts: minutes for 20 KiB of
// nested labels.
func (b *builder) build(s *abi.Spec, text string) (err error) {
	b.host.register(b.machine)
	defer b.host.release(b.machine)
	if b.source, err = parse(b.name, text); err != nil {
		return err
	}
	b.weight = max(b.source.weight, maxMadeWeight/2)
	b.vm.SetStackDepthLimit(min(b.depth, maxLoad/b.weight))
	b.machine.weight = b.weight
	if err := b.prepare(); err != nil {
		return err
	}
	if _, err := b.vm.Run(b.source.program); err != nil {
		return err
	}
	if err := b.findEntry(s.Entry); err != nil {
		return err
	}
	if err := b.compile(s); err != nil {
		return err
	}
	if n := objectsOf(b.vm); n > maxObjects {
		return abi.Errorf(abi.Refused, "%s: the script leaves more than %d objects, which every call would have to copy", b.name, maxObjects)
	}
	b.host.release(b.copy()) // to see that it can be made
	return nil
}

// prepare sets the VM up to the point where the script itself runs.
func (b *builder) prepare() error {
	if err := b.host.install(b.vm); err != nil {
		return err
	}
	if err := b.runShim(); err != nil {
		return err
	}
	b.adoptEval()
	var err error
	if b.stock, err = b.vm.Run("TykJS.TykMiddleware.NewMiddleware.prototype"); err != nil {
		return err
	}
	return b.prepareUnderscore()
}

// prepareUnderscore gives the script as much of underscore as it uses. What it
// does not seem to use is loaded when it is asked for.
func (b *builder) prepareUnderscore() error {
	members := b.source.usage.slice()
	if b.source.usage.named && len(members) == 0 {
		return b.runUnderscore(b.vm)
	}
	also := ""
	if len(members) > 0 {
		made, err := b.runSlice(members)
		if err != nil {
			return err
		}
		if !made {
			return b.runUnderscore(b.vm)
		}
		also = sliced
	}
	return lazily(b.vm, "_", also, func(vm *otto.Otto) (otto.Value, error) {
		if err := b.runUnderscore(vm); err != nil {
			return otto.Value{}, err
		}
		return vm.Get("_")
	})
}

// runSlice loads a part of underscore for the script, and reports false if it
// needs all of it.
func (b *builder) runSlice(members []string) (bool, error) {
	text, err := parser.ParseFile(nil, "<underscore>", tykjs.Underscore(), 0)
	if err != nil {
		return false, err
	}
	l := newLibrary(text)
	if l == nil {
		return false, nil
	}
	program, ok := l.slice(members)
	if !ok {
		return false, nil
	}
	rewrite(program)
	part, err := b.vm.Run(program)
	if err != nil {
		return false, err
	}
	if err := b.vm.Set(sliced, part); err != nil {
		return false, err
	}
	b.source.usage.redirect()
	return true, hide(b.vm, sliced, true)
}

// runShim defines TykJS, eval and Function.
func (b *builder) runShim() (err error) {
	global, err := b.vm.Run("this")
	if err != nil {
		return err
	}
	for _, text := range []string{tykjs.Core(), tykjs.Answer()} {
		if _, err = b.function("<tyk>", text, global, services{"keepBytes": keepBytes}); err != nil {
			return err
		}
	}
	if _, err = b.function("<tyk>", dynamicText, global, services{"eval": b.host.eval, "Function": b.host.function}); err != nil {
		return err
	}
	_, err = b.function("<tyk>", jsonText, global, services{"enter": b.host.enterWalk, "leave": b.host.leaveWalk})
	return err
}

// adoptEval goes on with a copy: only a copy takes our eval for the real one,
// which sees local variables.
func (b *builder) adoptEval() {
	b.host.release(b.machine)
	b.vm = b.vm.Copy()
	b.machine.adopt(b.vm)
	b.host.register(b.machine)
}

// services are functions of the host that only our own scripts may call.
type services map[string]func(otto.FunctionCall) otto.Value

// function runs a script that is a function, and calls it.
func (b *builder) function(name, text string, args ...any) (otto.Value, error) {
	src, err := parse(name, text)
	if err != nil {
		return otto.Value{}, err
	}
	f, err := b.vm.Run(src.program)
	if err != nil {
		return otto.Value{}, err
	}
	for i := range args {
		if s, ok := args[i].(services); ok {
			if args[i], err = b.object(s); err != nil {
				return otto.Value{}, err
			}
		}
	}
	return f.Call(otto.UndefinedValue(), args...)
}

func (b *builder) object(s services) (*otto.Object, error) {
	o, err := b.vm.Object("({})")
	if err != nil {
		return nil, err
	}
	for name, f := range s {
		if err := o.Set(name, f); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// findEntry looks the entry up and tells which hooks it serves.
func (b *builder) findEntry(name string) error {
	v, err := b.vm.Run(name)
	if err != nil || !v.IsObject() {
		return abi.Errorf(abi.Refused, "%s: no object or function named %s. The script defines %s", b.name, name, b.source.defines())
	}
	kinds, err := b.function("<hooks>", tykjs.Hooks(), v, b.stock)
	if err != nil {
		return err
	}
	if b.hooks = hooksOf(kinds.String()); b.hooks == 0 {
		return abi.Errorf(abi.Refused, "%s: %s has no handler. Give it one with NewProcessRequest or NewProcessResponse", b.name, name)
	}
	return nil
}

// requestHooks are those that a request handler serves.
var requestHooks = abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)

func hooksOf(kinds string) (set abi.HookSet) {
	for kind := range strings.FieldsSeq(kinds) {
		switch kind {
		case "virtual":
			set |= abi.SetOf(abi.Virtual)
		case "request":
			set |= requestHooks
		case "response":
			set |= abi.SetOf(abi.Response)
		case "event":
			set |= abi.SetOf(abi.Event)
		}
	}
	return set
}

// defines names the global variables and functions of a script.
func (s *source) defines() string {
	var names []string
	for _, d := range s.program.DeclarationList {
		switch d := d.(type) {
		case *ast.FunctionDeclaration:
			names = append(names, d.Function.Name.Name)
		case *ast.VariableDeclaration:
			for _, v := range d.List {
				names = append(names, v.Name)
			}
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
