package native

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
)

// exportPrefix begins the name of every hook function a guest exports.
const exportPrefix = "sallyport_"

// Export returns the name of the function that a guest exports for a hook.
func Export(h abi.Hook) string { return exportPrefix + h.String() }

// Declare reads from exports and imports what a guest implements and needs.
// It fails on an export that looks like a hook and is none, and on a hook
// with the wrong signature, and names all of them.
func Declare(m wazero.CompiledModule) (abi.Declaration, error) {
	var d abi.Declaration
	var wrong []string
	for name, def := range m.ExportedFunctions() {
		hook, found := strings.CutPrefix(name, exportPrefix)
		if !found {
			continue
		}
		h, ok := abi.ParseHook(hook)
		switch {
		case !ok:
			wrong = append(wrong, name+" is not a hook")
		case !isHook(def):
			wrong = append(wrong, name+" is not a function () -> i32")
		default:
			d.Hooks |= abi.SetOf(h)
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return abi.Declaration{}, fmt.Errorf("exports: %s", strings.Join(wrong, "; "))
	}
	d.RequestBody, d.ReplyBody = bodies(m, d.Hooks)
	return d, nil
}

func isHook(def api.FunctionDefinition) bool {
	return len(def.ParamTypes()) == 0 && slices.Equal(def.ResultTypes(), []api.ValueType{api.ValueTypeI32})
}

// bodies derives the need of bodies from the imports: the request body in
// hooks that may still change it, the reply body in the response hook.
func bodies(m wazero.CompiledModule, hooks abi.HookSet) (request, reply abi.HookSet) {
	for _, def := range m.ImportedFunctions() {
		module, name, _ := def.Import()
		if module != Module {
			continue
		}
		switch name {
		case requestBodySize, requestBodyRead, requestBodySplice:
			request = beforeReply(hooks)
		case replyBodySize, replyBodyRead, replyBodySplice:
			reply = hooks & abi.SetOf(abi.Response)
		}
	}
	return request, reply
}

func beforeReply(hooks abi.HookSet) (before abi.HookSet) {
	for h := range hooks.All() {
		if h.BeforeReply() {
			before |= abi.SetOf(h)
		}
	}
	return before
}

// Link reports whether the plugin that s describes may import a function, and
// if not, why: it is not part of the ABI, or not granted.
func Link(def api.FunctionDefinition, s abi.Spec) error {
	_, name, _ := def.Import()
	all := functions()
	i := slices.IndexFunc(all, func(f function) bool { return f.name == name })
	if i < 0 {
		return errors.New("unknown function")
	}
	if !slices.Equal(def.ParamTypes(), all[i].signature()) ||
		!slices.Equal(def.ResultTypes(), []api.ValueType{all[i].result()}) {
		return fmt.Errorf("wrong signature, want %s", all[i].describe())
	}
	return checkGrant(all[i].grant, s)
}

// describe returns the signature as ABI.md writes it.
func (f function) describe() string {
	var params []string
	for _, t := range f.signature() {
		params = append(params, api.ValueTypeName(t))
	}
	return "(" + strings.Join(params, ", ") + ") -> " + api.ValueTypeName(f.result())
}
