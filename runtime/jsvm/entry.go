package jsvm

import (
	"regexp"
	"strings"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
)

var entryName = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*(\.[\pL_$][\pL\pN_$]*)*$`)

// requestHooks are those that a request handler serves.
var requestHooks = abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)

// findEntry finds the entry in a copy of the program, and returns the hooks that
// it serves.
func (p *program) findEntry(name string) (abi.HookSet, error) {
	m := p.copy()
	defer p.release(m)
	var kinds string
	_, err := m.run(func() (_ string, err error) {
		kinds, err = p.kindsOf(m.vm, name)
		return "", err
	})
	if err != nil {
		return 0, unkind(err)
	}
	return hooksOf(kinds), nil
}

// kindsOf names the kinds of hooks that an entry serves.
func (p *program) kindsOf(vm *otto.Otto, name string) (string, error) {
	v, err := vm.Run(name)
	if err != nil || !v.IsObject() {
		return "", abi.Errorf(abi.Refused, "%s: no object or function named %s. The script defines %s", p.files.name, name, p.defines)
	}
	stock, err := vm.Get(stock)
	if err != nil {
		return "", err
	}
	kinds, err := function(vm, "<hooks>", jsapi.Hooks(), v, stock)
	if err != nil {
		return "", err
	}
	if kinds.String() == "" {
		return "", abi.Errorf(abi.Refused, "%s: %s has no handler. Give it one with NewProcessRequest or NewProcessResponse", p.files.name, name)
	}
	return kinds.String(), nil
}

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
