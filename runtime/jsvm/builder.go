package jsvm

import (
	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/runtime/jsvm/lazy"
	"github.com/c386954a/sallyport/runtime/jsvm/underscore"
)

const (
	// maxObjects is how many objects and scopes a script may leave. Otto copies
	// scopes by recursion: a chain of so many takes 200 MiB of the Go stack,
	// which ends the process when it overflows.
	maxObjects = 100000
	// maxNested is how deep all functions that are running may be nested
	// together. A level takes about 1 KiB of the Go stack.
	maxNested = 300 * 1000
)

// newTemplate is replaced by a benchmark.
var newTemplate = lazy.New

// builder runs the files of a program in a VM that already has our own scripts.
type builder struct {
	*program
	machine *machine
	vm      *otto.Otto
}

// build makes the program ready to be copied. It parses the files as well, so
// that parsing is under the deadline: otto's parser takes cubic time for some
// texts, such as minutes for 20 KiB of nested labels.
func (b *builder) build() error {
	b.host.register(b.machine)
	defer b.host.release(b.machine)
	if err := b.files.parse(b.machine.hasStopped); err != nil {
		return err
	}
	b.depth = max(b.files.depth(), maxMadeDepth/2)
	b.machine.depth = b.depth
	b.vm.SetStackDepthLimit(min(b.stackDepth, maxNested/b.depth))
	if err := b.run(); err != nil {
		return err
	}
	b.defines = b.files.defines()
	b.large = b.machine.large || b.files.size() > 16*unchecked
	b.files.forget()
	if b.template = newTemplate(b.vm, maxObjects); b.template == nil {
		return abi.Errorf(abi.Refused, "%s: the script leaves more than %d objects, which every call would have to copy", b.files.name, maxObjects)
	}
	b.release(b.copy()) // to see that it can be made
	return nil
}

// run runs the files in Tyk's order. The functions of the host do not exist yet
// when the preload file runs, and replace what it defines under their names.
func (b *builder) run() error {
	deferred, err := newDeferral(b.vm)
	if err != nil {
		return err
	}
	part, err := b.sliceUnderscore()
	if err != nil {
		return err
	}
	if err := deferred.deferAll(part); err != nil {
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
	return deferred.deferAll(part) // the files may have asked for them
}

// sliceUnderscore gives the files the part of underscore that they use, and
// returns the variable that holds it. It returns no name if they do not use
// underscore or need all of it.
func (b *builder) sliceUnderscore() (string, error) {
	u := b.files.usage()
	members := u.Members()
	if len(members) == 0 {
		return "", nil
	}
	text, err := parser.ParseFile(nil, "<underscore>", jsapi.Underscore(), 0) // not shared: it is changed
	if err != nil {
		return "", err
	}
	program, ok := underscore.Slice(text, members)
	if !ok {
		return "", nil
	}
	rewrite(program, false)
	part, err := b.vm.Run(program)
	if err != nil {
		return "", err
	}
	if err := b.vm.Set(underscore.Part, part); err != nil {
		return "", err
	}
	u.Redirect()
	return underscore.Part, hide(b.vm, underscore.Part)
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
