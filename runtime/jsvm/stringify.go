package jsvm

import (
	"strings"

	"github.com/robertkrimen/otto"
)

const (
	// maxCheapDepth bounds the depth of data that is walked without counting.
	maxCheapDepth = 100000
	// maxWalkDepth is the depth at which a walk that is counted ends. Decoders
	// of JSON in Go have the same limit.
	maxWalkDepth = 10000
)

// stringification is one JSON.stringify in progress. Otto walks the data by
// recursion, takes up to 2 KiB of the Go stack for a level, and has no limit.
//
// A script that has taken few steps cannot have made deep data, because one step
// adds no more levels than the source has. Only if the data could be too deep
// are the levels counted, by a replacer function that gets every value.
type stringification struct {
	cheap   bool
	holders []otto.Value // objects the walk is in, outermost first
	last    otto.Value   // what the replacer has returned
	base    int          // depth of the walks around this one
	allowed map[string]bool
	values  int
	bytes   int64 // of strings
}

// maxUncounted is how many values data may have that is walked without counting.
const maxUncounted = 20000

// dataSize is how much data may still be visited.
type dataSize struct {
	values int
	bytes  int64
}

// fits reports whether JSON.stringify visits no more than left, which may be many
// times what the script has made if objects are in several others. It says no
// where functions of the script would take part.
func (m *machine) fits(v otto.Value, left *dataSize) bool {
	if left.values--; left.values < 0 || left.bytes < 0 {
		return false
	}
	if !v.IsObject() {
		if v.IsString() {
			left.bytes -= int64(len(v.String()))
		}
		return true
	}
	o := v.Object()
	if toJSON, err := o.Get("toJSON"); err != nil || toJSON.IsFunction() {
		return false
	}
	switch v.Class() {
	case "Function":
		return true
	case "Array":
		length, err := o.Get("length")
		if err != nil {
			return false
		}
		if n, err := length.ToInteger(); err != nil || n > int64(left.values) {
			return false
		}
	}
	for _, key := range o.Keys() {
		inner, err := o.Get(key)
		if err != nil || !m.fits(inner, left) {
			return false
		}
	}
	return true
}

// count bounds a walk that fits has not.
func (w *stringification) count(h *host, call *otto.FunctionCall, value otto.Value) {
	m := h.machineOf(call)
	if m == nil {
		return
	}
	m.check(call.Otto)
	if value.Class() == "Array" {
		(&guarded{host: h, m: m, vm: call.Otto}).count(value)
	}
	if value.IsString() {
		w.bytes += int64(len(value.String()))
		m.reserveString(call.Otto, w.bytes)
	}
	if w.values++; w.values%64 == 0 {
		m.reserve(call.Otto, 64*128)
	}
}

// checkParse bounds what JSON.parse makes of a text, and returns the text.
func (h *host) checkParse(call otto.FunctionCall) otto.Value {
	v := call.Argument(0)
	m := h.machineOf(&call)
	if m == nil {
		return v
	}
	g := &guarded{host: h, m: m, vm: call.Otto}
	s := g.text(v)
	if len(s) > unchecked/4 {
		containers, members := int64(strings.Count(s, "{")+strings.Count(s, "[")), int64(strings.Count(s, ","))
		g.spend(1, containers*1000+members*2000, containers*400+members*100)
	}
	return text(s)
}

// enterWalk begins a JSON.stringify: it takes the replacer and returns the one
// to use.
func (h *host) enterWalk(call otto.FunctionCall) otto.Value {
	replacer := call.Argument(0)
	m := h.machineOf(&call)
	if m == nil {
		return replacer
	}
	if replacer.Class() == "Array" {
		(&guarded{host: h, m: m, vm: call.Otto}).count(replacer)
	}
	w := &stringification{base: m.walkDepth()}
	m.walks = append(m.walks, w)
	if m.couldWalk() && !replacer.IsFunction() && m.fits(call.Argument(1), &dataSize{values: maxUncounted, bytes: m.longest()}) {
		w.cheap = true
		return replacer
	}
	if replacer.Class() == "Array" {
		w.allowed = namesIn(replacer)
	}
	f, err := call.Otto.ToValue(func(call otto.FunctionCall) otto.Value { return h.replace(&call, w, replacer) })
	if err != nil {
		panic(call.Otto.MakeTypeError(err.Error()))
	}
	return f
}

// leaveWalk ends it.
func (h *host) leaveWalk(call otto.FunctionCall) otto.Value {
	if m := h.machineOf(&call); m != nil && len(m.walks) > 0 {
		m.walks = m.walks[:len(m.walks)-1]
	}
	return otto.UndefinedValue()
}

// namesIn returns the property names that a list allows.
func namesIn(list otto.Value) map[string]bool {
	names := make(map[string]bool)
	for _, key := range list.Object().Keys() {
		if v, err := list.Object().Get(key); err == nil && (v.IsString() || v.IsNumber()) {
			names[v.String()] = true
		}
	}
	return names
}

// replace counts the level of a value, and then does what the script's own
// replacer does.
func (h *host) replace(call *otto.FunctionCall, w *stringification, replacer otto.Value) otto.Value {
	key, value := call.Argument(0), call.Argument(1)
	w.enter(call)
	w.count(h, call, value)
	switch {
	case w.allowed != nil:
		if len(w.holders) > 1 && call.This.Class() != "Array" && !w.allowed[key.String()] {
			value = otto.UndefinedValue()
		}
	case replacer.IsFunction():
		v, err := replacer.Call(call.This, key, value)
		if err != nil {
			h.rethrow(call, err)
		}
		value = v
	}
	w.last = value
	return value
}

// enter finds the holder of a value among those of the walk: the value before
// it, or one that the walk has returned to.
func (w *stringification) enter(call *otto.FunctionCall) {
	if len(w.holders) == 0 || call.This == w.last {
		w.holders = append(w.holders, call.This)
	}
	for len(w.holders) > 1 && w.holders[len(w.holders)-1] != call.This {
		w.holders = w.holders[:len(w.holders)-1]
	}
	if w.base+len(w.holders) > maxWalkDepth {
		panic(call.Otto.MakeRangeError("JSON.stringify: the data is nested too deeply"))
	}
}

// walkDepth is how deep the walks in progress are together.
func (m *machine) walkDepth() int {
	if len(m.walks) == 0 {
		return 0
	}
	w := m.walks[len(m.walks)-1]
	return w.base + len(w.holders)
}

// couldWalk reports whether the data of the script cannot be too deep for the
// walks in progress.
func (m *machine) couldWalk() bool { return len(m.walks)*m.steps*m.depth <= maxCheapDepth }

// checkWalk ends a walk without a count if the script has made more data
// meanwhile, in a getter or in toJSON.
func (m *machine) checkWalk(vm *otto.Otto) {
	for _, w := range m.walks {
		if w.cheap && !m.couldWalk() {
			panic(vm.MakeRangeError("JSON.stringify: toJSON or a getter does too much"))
		}
	}
}
