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

// Check reads from exports and imports what a guest implements and needs. It
// fails if that is not what the configuration uses.
func (h *Host) Check(code wazero.CompiledModule) (err error) {
	if f := code.ExportedFunctions()[warmup]; f != nil && len(f.ParamTypes())+len(f.ResultTypes()) > 0 {
		return fmt.Errorf("%s is not a function () -> ()", warmup)
	}
	if h.declares, err = declare(code); err != nil {
		return err
	}
	if missing := h.spec.Hooks &^ h.declares.Hooks; missing != 0 {
		return fmt.Errorf("does not implement %s: it exports hooks for: %s", missing, listed(h.declares.Hooks))
	}
	return nil
}

func listed(s abi.HookSet) string {
	if s == 0 {
		return "none"
	}
	return s.String()
}

// declare fails on an export that only looks like a hook, and on a hook with the
// wrong signature, and names all of them.
func declare(m wazero.CompiledModule) (abi.Declaration, error) {
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

// Link reports why the plugin may not import a function: it is not part of the
// ABI, or not granted.
func (h *Host) Link(def api.FunctionDefinition) error {
	module, name, _ := def.Import()
	if module != Module {
		return errors.New("unknown module")
	}
	all := functions()
	i := slices.IndexFunc(all, func(f function) bool { return f.name == name })
	if i < 0 {
		return errors.New("unknown function")
	}
	if !slices.Equal(def.ParamTypes(), all[i].signature()) ||
		!slices.Equal(def.ResultTypes(), []api.ValueType{all[i].result()}) {
		return fmt.Errorf("wrong signature, want %s", all[i].describe())
	}
	return checkGrant(all[i].grant, h.spec)
}

// describe returns the signature as ABI.md writes it.
func (f function) describe() string {
	var params []string
	for _, t := range f.signature() {
		params = append(params, api.ValueTypeName(t))
	}
	return "(" + strings.Join(params, ", ") + ") -> " + api.ValueTypeName(f.result())
}
