package jsvm

import (
	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/runtime/jsvm/lazy"
)

// maxObjects is how many objects and scopes a script may leave. Otto copies
// scopes by recursion: a chain of so many takes 200 MiB of the Go stack, which
// ends the process when it overflows.
const maxObjects = 100000

// builder runs the files of a program in a VM that has the engine's own part.
type builder struct {
	*program
	machine *machine
	vm      *otto.Otto
}

// build leaves the program ready to be copied. Parsing is part of it, because
// otto's parser takes time by the cube of some texts: minutes for 20 KiB of
// nested labels.
func (b *builder) build() error {
	b.host.register(b.machine)
	defer b.host.release(b.machine)
	if err := b.files.parse(b.machine.hasStopped); err != nil {
		return err
	}
	b.weight = max(b.files.weight(), maxMadeWeight/2)
	b.machine.weight = b.weight
	b.vm.SetStackDepthLimit(min(b.depth, maxLoad/b.weight))
	if err := b.run(); err != nil {
		return err
	}
	b.defines = b.files.defines()
	b.files.forget()
	if b.template = lazy.New(b.vm, maxObjects); b.template == nil {
		return abi.Errorf(abi.Refused, "%s: the script leaves more than %d objects, which every call would have to copy", b.files.name, maxObjects)
	}
	b.release(b.copy()) // to see that it can be made
	return nil
}

// run runs the files in Tyk's order: the functions of the host do not exist
// for the preload file, and replace what it has made of their names.
func (b *builder) run() error {
	tucker, err := newTucker(b.vm)
	if err != nil {
		return err
	}
	part, err := b.sliceUnderscore()
	if err != nil {
		return err
	}
	if err := tuckAll(tucker, part); err != nil {
		return err
	}
	if err := b.runFiles(b.files.preload); err != nil {
		return err
	}
	if err := b.host.install(b.vm); err != nil {
		return err
	}
	if err := b.host.installAnswer(b.vm); err != nil {
		return err
	}
	if err := b.runFiles(b.files.sources...); err != nil {
		return err
	}
	return tuckAll(tucker, part) // again what they have asked for
}

func tuckAll(t *tucker, part string) error {
	if err := t.tuck("_", part); err != nil {
		return err
	}
	return t.tuck("console", "")
}

// sliceUnderscore gives the files the part of underscore that they use, and
// names the variable that it is in; none if they do not use underscore, or need
// all of it.
func (b *builder) sliceUnderscore() (string, error) {
	u := b.files.usage()
	members := u.slice()
	if len(members) == 0 {
		return "", nil
	}
	text, err := parser.ParseFile(nil, "<underscore>", jsapi.Underscore(), 0) // not shared: it is changed
	if err != nil {
		return "", err
	}
	program, ok := newLibrary(text).slice(members)
	if !ok {
		return "", nil
	}
	rewrite(program)
	part, err := b.vm.Run(program)
	if err != nil {
		return "", err
	}
	if err := b.vm.Set(sliced, part); err != nil {
		return "", err
	}
	u.redirect()
	return sliced, hide(b.vm, sliced)
}

func (b *builder) runFiles(list ...*source) error {
	for _, s := range list {
		if s == nil {
			continue // there is no preload file
		}
		b.machine.task.running = s.name
		if _, err := b.vm.Run(s.program); err != nil {
			return err
		}
	}
	return nil
}
