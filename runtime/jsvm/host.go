package jsvm

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"sync"
	"unicode/utf8"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"
)

// host is what the scripts of a runtime call. Its functions are shared by all
// VMs and find out by the VM who calls.
type host struct {
	logger *zerolog.Logger
	parser *otto.Otto // never runs

	sessions      Sessions
	requireRights bool
	values        Values
	tls           *tls.Config

	rawMu sync.Mutex
	raw   io.Writer

	machines sync.Map // those that exist: *otto.Otto to *machine
}

func newHost(c *Config) *host {
	return &host{
		logger: c.Logger, parser: otto.New(), raw: c.Raw,
		sessions: c.Sessions, requireRights: c.RequireRights, values: c.Values, tls: newTLS(c.TLS),
	}
}

// register makes m known to the host functions until it is released.
func (h *host) register(m *machine) { h.machines.Store(m.vm, m) }

func (h *host) release(m *machine) { h.machines.Delete(m.vm) }

func (h *host) machineOf(call *otto.FunctionCall) *machine {
	m, _ := h.machines.Load(call.Otto)
	found, _ := m.(*machine)
	return found
}

// install defines the host's functions in a VM. They replace what the preload
// file has made of their names, and may be replaced by the script, as in Tyk.
func (h *host) install(vm *otto.Otto) error {
	functions := h.storage()
	maps.Copy(functions, map[string]func(otto.FunctionCall) otto.Value{
		"log": h.log, "rawlog": h.rawlog,
		"b64dec": h.b64dec, "b64enc": h.b64enc, "rawb64dec": h.rawb64dec, "rawb64enc": h.rawb64enc,
		"TykMakeHttpRequest": h.fetch, "TykBatchRequest": h.batch,
		"TykGetKeyData": h.getKeyData, "TykSetKeyData": h.setKeyData,
	})
	for name, f := range functions {
		if err := vm.Set(name, f); err != nil {
			return err
		}
		if err := slim(vm, name); err != nil {
			return err
		}
	}
	return nil
}

// hidden defines a global function that no script can name or replace.
func hidden(vm *otto.Otto, name string, f func(otto.FunctionCall) otto.Value) error {
	if err := vm.Set(name, f); err != nil {
		return err
	}
	if err := slim(vm, name); err != nil {
		return err
	}
	_, err := vm.Run(fmt.Sprintf(`Object.defineProperty(this, %q, {enumerable: false, writable: false, configurable: false})`, name))
	return err
}

// hide takes a global out of for-in loops.
func hide(vm *otto.Otto, name string) error {
	_, err := vm.Run(fmt.Sprintf(`Object.defineProperty(this, %q, {enumerable: false, configurable: false})`, name))
	return err
}

// slim takes the prototype object off a global function that is called and
// never constructs: it is copied for every call.
func slim(vm *otto.Otto, name string) error {
	f, err := vm.Get(name)
	if err != nil {
		return err
	}
	return f.Object().Set("prototype", otto.UndefinedValue())
}

// thrown remembers where a throw stands and returns its operand.
func (h *host) thrown(call otto.FunctionCall) otto.Value {
	if m := h.machineOf(&call); m != nil {
		m.task.thrown, m.task.thrownText = call.Argument(0), call.Argument(0).String()
		m.task.thrownAt = call.Argument(1).String()
	}
	return call.Argument(0)
}

// b64dec decodes standard base64, with padding or without.
func (h *host) b64dec(call otto.FunctionCall) otto.Value {
	return h.decoded(&call, call.Argument(0).String(), base64.StdEncoding, base64.RawStdEncoding)
}

// rawb64dec decodes standard base64 without padding.
func (h *host) rawb64dec(call otto.FunctionCall) otto.Value {
	return h.decoded(&call, call.Argument(0).String(), base64.RawStdEncoding)
}

func (h *host) b64enc(call otto.FunctionCall) otto.Value {
	return h.result(&call, base64.StdEncoding.EncodeToString([]byte(call.Argument(0).String())))
}

func (h *host) rawb64enc(call otto.FunctionCall) otto.Value {
	return h.result(&call, base64.RawStdEncoding.EncodeToString([]byte(call.Argument(0).String())))
}

// decoded returns what the first encoding that fits makes of s; undefined if
// none does.
func (h *host) decoded(call *otto.FunctionCall, s string, encodings ...*base64.Encoding) otto.Value {
	for _, e := range encodings {
		if b, err := e.DecodeString(s); err == nil {
			return h.result(call, string(b))
		}
	}
	return otto.UndefinedValue()
}

// keepBytes puts the bytes of a string that is not text beside it in base64,
// since JSON cannot carry them: Body becomes BodyBase64 as well.
func keepBytes(call otto.FunctionCall) otto.Value {
	holder, name := call.Argument(0), call.Argument(1).String()
	if !holder.IsObject() {
		return otto.UndefinedValue()
	}
	v, err := holder.Object().Get(name)
	if err != nil || !v.IsString() {
		return otto.UndefinedValue()
	}
	if s := v.String(); !utf8.ValidString(s) {
		// A frozen object keeps its U+FFFD, as it would in Tyk.
		_ = holder.Object().Set(name+"Base64", base64.StdEncoding.EncodeToString([]byte(s)))
	}
	return otto.UndefinedValue()
}

// text returns a JavaScript string of any bytes.
func text(s string) otto.Value {
	v, _ := otto.ToValue(s) // cannot fail for a string
	return v
}
