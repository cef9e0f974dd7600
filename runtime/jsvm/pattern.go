package jsvm

import (
	"fmt"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/runtime/jsvm/lazy"
	"github.com/c386954a/sallyport/runtime/jsvm/syntax"
)

// patternTakers are otto's functions that make a regular expression of their
// first argument. Splitting takes a text as it is.
var patternTakers = []string{"RegExp", "String.prototype.match", "String.prototype.search", "String.prototype.replace"}

// guardPatterns keeps long patterns from them. They stay the functions they
// are, since otto keeps RegExp.$1 and its siblings in the object.
func (h *host) guardPatterns(vm *otto.Otto) error {
	for _, name := range patternTakers {
		f, err := vm.Object(name)
		if err != nil {
			return err
		}
		if !lazy.Guard(f, h.checkPattern) {
			return fmt.Errorf("the engine's %s cannot be guarded: its version is not supported", name)
		}
	}
	return nil
}

// checkPattern throws a SyntaxError for a pattern that is too long. An object
// becomes the text that it would become later, which may not be another one
// then.
func (h *host) checkPattern(vm *otto.Otto, v otto.Value) (otto.Value, bool) {
	converted := v.IsObject() && v.Class() != "RegExp"
	if converted {
		s, err := v.ToString()
		if err != nil {
			h.rethrow(&otto.FunctionCall{Otto: vm}, err)
		}
		v = text(s)
	}
	if v.IsString() {
		if err := syntax.CheckPattern(v.String()); err != nil {
			panic(vm.MakeSyntaxError(err.Error()))
		}
	}
	return v, converted
}
