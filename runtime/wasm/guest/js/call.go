package js

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// hook calls the function of dispatch.js for the hook of x and returns its
// result: a view of the guest's memory.
func (g *scriptGuest) hook(x *abi.Exchange) ([]byte, error) {
	f, args := g.arguments(x)
	v := g.invoke(f, args[:]...)
	if g.machine.err == nil && v != g.layout.exception {
		v = g.settle(v)
	}
	text, err := g.result(v)
	if err != nil {
		return nil, err
	}
	if !g.program.fresh() {
		g.release(args[:])
	}
	return text, nil
}

// maxArguments is the most that a function of dispatch.js takes.
const maxArguments = 5

// arguments makes the objects that a hook gets in the guest.
func (g *scriptGuest) arguments(x *abi.Exchange) (f value, args [maxArguments]value) {
	l := g.layout
	for i := range args {
		args[i] = l.undefined
	}
	switch x.Hook {
	case abi.Response:
		f = l.functions.response
		args[0] = g.object(object.AppendResponse(g.input[:0], x))
		args[1] = g.object(object.AppendSeenRequest(g.input[:0], x))
		args[2], args[3], args[4] = g.session(x), g.spec(x), g.raw(x.Reply.Body)
	case abi.Virtual:
		f = l.functions.virtual
		args[0] = g.object(object.AppendVirtualRequest(g.input[:0], x))
		args[1], args[2], args[3] = g.session(x), g.spec(x), g.raw(x.Request.Body)
	case abi.Event:
		f = l.functions.event
		args[0] = g.object(object.AppendEvent(g.input[:0], &x.Notice, time.Now().String()))
		args[1] = g.object(object.AppendContext(g.input[:0], x.API))
		args[2] = g.spec(x)
	default:
		f = l.functions.request
		args[0], args[1], args[2] = g.request(x), g.session(x), g.spec(x)
	}
	return f, args
}

// request is an object, or what dispatch.js completes the one in the image with.
func (g *scriptGuest) request(x *abi.Exchange) value {
	if g.program.fresh() {
		return g.object(object.AppendRequestParts(g.input[:0], x))
	}
	return g.object(object.AppendRequest(g.input[:0], x))
}

// session is undefined for a hook that is not given the session: it gets the
// zero form.
func (g *scriptGuest) session(x *abi.Exchange) value {
	if x.Session == nil || !g.program.options.Gives(x.Hook) {
		return g.layout.undefined
	}
	return g.object(object.AppendSession(g.input[:0], x.Session))
}

func (g *scriptGuest) spec(x *abi.Exchange) value {
	if text, ok := g.program.specs[boundHook{x.API, x.Hook}]; ok {
		return g.parse(text)
	}
	return g.object(g.program.appendSpec(g.input[:0], x.API, x.Hook))
}

// raw is a body that JSON cannot carry, or undefined.
func (g *scriptGuest) raw(body []byte) value {
	if utf8.Valid(body) {
		return g.layout.undefined
	}
	g.input = escape(g.input[:0], body)
	return g.string(g.input)
}

// object makes an object of JSON that was written to g.input.
func (g *scriptGuest) object(json []byte) value {
	g.input = json
	return g.parse(json)
}

// parse makes a value of JSON.
func (g *scriptGuest) parse(json []byte) value {
	at, release := g.hold(json)
	v := value(g.machine.call(jsParseJSON, uint64(g.layout.context), uint64(at), uint64(len(json)), uint64(g.layout.name)))
	release(g, at)
	return v
}

// string makes a string of WTF-8.
func (g *scriptGuest) string(text []byte) value {
	at, release := g.hold(text)
	v := value(g.machine.call(jsNewString, uint64(g.layout.context), uint64(at), uint64(len(text))))
	release(g, at)
	return v
}

// hold writes text into the guest, to the buffer for that or, if it is too
// long, to memory that release frees.
func (g *scriptGuest) hold(text []byte) (at uint32, release func(*scriptGuest, uint32)) {
	if len(text) < bufferSize {
		g.machine.put(g.layout.buffer, text)
		return g.layout.buffer, func(*scriptGuest, uint32) {}
	}
	return g.machine.place(text), func(g *scriptGuest, at uint32) { g.machine.free(at) }
}

// invoke calls a function of ours with undefined as this.
func (g *scriptGuest) invoke(f value, args ...value) value {
	l := g.layout
	for i, v := range args {
		if v == l.exception {
			return v
		}
		g.machine.set(l.scratch+uint32(8*i), uint64(v))
	}
	return value(g.machine.call(jsCall, uint64(l.context), uint64(f),
		uint64(l.undefined), uint64(len(args)), uint64(l.scratch)))
}

// settle runs what is left to do after a hook has returned v, and returns the
// result of a hook that is asynchronous.
func (g *scriptGuest) settle(v value) value {
	later := v.tag() == g.layout.object
	m := &g.machine
	for m.err == nil && m.address(qjsJobPending) != 0 {
		m.call(qjsExecuteJob)
	}
	if !later {
		return v
	}
	return g.invoke(g.layout.functions.settled)
}

// result returns the text of the result v of a hook.
func (g *scriptGuest) result(v value) ([]byte, error) {
	l, m := g.layout, &g.machine
	switch {
	case m.err != nil:
		return nil, g.broken()
	case v == l.exception:
		return nil, g.thrown()
	case v == l.undefined:
		return nil, abi.Errorf(abi.Protocol, "%s: the script returned no result", g.program.sources.main())
	}
	at := m.address(jsText, uint64(l.context), uint64(l.length()), uint64(v), 0)
	if m.err == nil && at == 0 {
		return nil, g.thrown()
	}
	n := m.u32(l.length())
	if limit := resultLimit(g.x); m.err == nil && limit > 0 && int64(n) > limit {
		return nil, abi.Errorf(abi.Limit, "%s: the result has %d bytes, more than %d", g.program.sources.main(), n, limit)
	}
	text := m.read(at, n)
	if m.err != nil {
		return nil, g.broken()
	}
	if !g.program.fresh() {
		g.input = append(g.input[:0], text...)
		text = g.input
		m.call(jsFreeText, uint64(l.context), uint64(at))
		g.release([]value{v})
	}
	return text, nil
}

// resultLimit is how many bytes a result may have, or 0. A body in it may be
// in base64.
func resultLimit(x *abi.Exchange) int64 {
	if x.BodyLimit == 0 {
		return 0
	}
	return int64(x.BodyLimit)/3*4 + 1<<20
}

// release frees the values of a call in an instance that is not reset.
func (g *scriptGuest) release(values []value) {
	for _, v := range values {
		g.machine.call(jsFreeValue, uint64(g.layout.context), uint64(v))
	}
}

// broken returns why the engine cannot go on.
func (g *scriptGuest) broken() error {
	if errors.Is(g.machine.err, errMemory) {
		return &abi.Error{Kind: abi.Limit, Err: fmt.Errorf("%s: %w", g.program.sources.main(), errMemory)}
	}
	return g.machine.err
}
