package native

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental/wazerotest"

	"github.com/c386954a/sallyport/abi"
)

// fakeGuest calls host functions as an instance does, without an engine.
type fakeGuest struct {
	call   *Call
	module *wazerotest.Module
	ctx    context.Context
	used   uint32 // of the memory
	log    *logged
}

// logged keeps what a guest logs.
type logged struct{ lines []string }

func (l *logged) Print(level zerolog.Level, requestID, line []byte) {
	l.lines = append(l.lines, level.String()+" "+string(requestID)+" "+string(line))
}

const (
	memorySize = 64 << 10 // of the guests
	garbage    = 0xdeadbeef << 32
)

// newGuest returns a guest in the hook h of an exchange.
func newGuest(tb testing.TB, s abi.Spec, h abi.Hook) (*fakeGuest, *abi.Exchange) {
	tb.Helper()
	l := new(logged)
	return newGuestWith(tb, s, Config{Log: l, KV: newKV(), HTTP: &fakeHTTP{}, Env: environment}, h)
}

// newGuestWith is newGuest with a configuration.
func newGuestWith(tb testing.TB, s abi.Spec, config Config, h abi.Hook) (*fakeGuest, *abi.Exchange) {
	tb.Helper()
	host, err := NewHost(s, config)
	if err != nil {
		tb.Fatal(err)
	}
	l, _ := config.Log.(*logged)
	c := host.NewCall()
	x := newExchange(h)
	c.Begin(x)
	return &fakeGuest{
		call: c, ctx: c.Context(context.Background()), log: l,
		module: wazerotest.NewModule(wazerotest.NewFixedMemory(memorySize)),
	}, x
}

// newLargeGuest is newGuest with more memory.
func newLargeGuest(tb testing.TB, s abi.Spec) (*fakeGuest, *abi.Exchange) {
	tb.Helper()
	g, x := newGuest(tb, s, abi.Pre)
	g.module = wazerotest.NewModule(wazerotest.NewFixedMemory(4 * memorySize))
	return g, x
}

func newExchange(h abi.Hook) *abi.Exchange {
	x := &abi.Exchange{
		RequestID: []byte("r1"), BodyLimit: 1000,
		API: &abi.API{ID: "a1", Name: "orders", OrgID: "o1", ListenPath: "/orders/", Config: []byte(`{"tier":"gold","n":[1]}`)},
	}
	x.Request = abi.Request{
		Method: []byte("POST"), URI: []byte("/a?b"), Host: []byte("h.example"),
		RemoteAddr: []byte("192.0.2.1:1"), Proto: []byte("HTTP/1.1"), TLS: true,
		Header: fields("A", "1", "B", "", "a", "2"), Body: []byte("hello"),
	}
	x.Reply = abi.Reply{Status: 200, Header: fields("C", "3"), Body: []byte("bye")}
	x.Notice = abi.Notice{Name: []byte("Alarm"), Data: []byte(`{}`)}
	x.Begin(h, time.Now().Add(time.Hour))
	return x
}

func fields(pairs ...string) abi.Header {
	var h abi.Header
	for pair := range slices.Chunk(pairs, 2) {
		h = append(h, abi.Field{Name: []byte(pair[0]), Value: []byte(pair[1])})
	}
	return h
}

// do calls a function. Strings are passed as pointer and length.
func (g *fakeGuest) do(name string, args ...any) int64 {
	var stack []uint64
	for _, arg := range args {
		switch v := arg.(type) {
		case int:
			stack = append(stack, garbage|uint64(uint32(v)))
		case int64:
			stack = append(stack, uint64(v))
		case float64:
			stack = append(stack, api.EncodeF64(v))
		case string:
			stack = append(stack, garbage|uint64(g.used), garbage|uint64(len(v)))
			g.module.Memory().WriteString(g.used, v)
			g.used += uint32(len(v))
		}
	}
	return g.raw(name, stack)
}

// raw calls a function with a stack.
func (g *fakeGuest) raw(name string, stack []uint64) int64 {
	all := functions()
	f := all[slices.IndexFunc(all, func(f function) bool { return f.name == name })]
	stack = append(stack, 0)
	f.host()(g.ctx, g.module, stack)
	if f.wide {
		return int64(stack[0])
	}
	return int64(api.DecodeI32(stack[0]))
}

// bufferAt is where reads put what they read, and bufferSize its size.
const (
	bufferAt   = 32 << 10
	bufferSize = 1 << 10
)

// read calls a function with a buffer and returns what is in it.
func (g *fakeGuest) read(name string, args ...any) string {
	n := g.do(name, append(args, bufferAt, bufferSize)...)
	if n < 0 {
		return codeName(Code(n))
	}
	b, _ := g.module.Memory().Read(bufferAt, uint32(n))
	return string(b)
}

func codeName(c Code) string {
	return map[Code]string{
		CodeNotFound: "(not found)", CodeFault: "(fault)", CodeInvalid: "(invalid)", CodeReadOnly: "(read only)",
		CodeLimit: "(limit)", CodeStreamed: "(streamed)", CodeNoCall: "(no call)",
		CodeDenied: "(denied)", CodeUnavailable: "(unavailable)", CodeTimeout: "(timeout)",
	}[c]
}

// items takes a list apart.
func items(list string) string {
	b := []byte(list)
	n := int(binary.LittleEndian.Uint32(b))
	lengths, rest := b[4:4+4*n], b[4+4*n:]
	var all []string
	for range n {
		size := binary.LittleEndian.Uint32(lengths)
		all = append(all, string(rest[:size]))
		lengths, rest = lengths[4:], rest[size:]
	}
	return strings.Join(all, ",")
}
