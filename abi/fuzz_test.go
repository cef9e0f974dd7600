package abi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

// FuzzEdits carries out a sequence of edits on an exchange and on a simple
// model of one. Discard must bring back what was before, Commit must keep
// what the model says.
func FuzzEdits(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0xf0, 3, 4, 0xf1, 5, 6, 7, 8, 0xf2})
	f.Add([]byte{1, 1, 1, 0xf0, 2, 2, 0xf1, 9, 10, 0xf0})
	f.Add([]byte{0x11, 0x22, 0x33, 0xf2, 0x44, 0x55, 0x66, 0xf1, 0x77, 0x88})
	f.Fuzz(func(t *testing.T, program []byte) {
		program = program[:min(len(program), 256)] // the limits have tests of their own
		x := loaded()
		reply(x)
		committed := stateOf(x) // what all calls so far have left
		m := committed
		x.Begin(abi.Auth, never)
		for _, op := range program {
			if op < 0xf0 {
				pending := apply(x, &m, op)
				if diff := cmp.Diff(m, stateOf(x)); diff != "" {
					t.Fatalf("after %s (-model +exchange):\n%s", pending, diff)
				}
				continue
			}
			committed = end(x, committed, m, op)
			m = committed
			if diff := cmp.Diff(committed, stateOf(x)); diff != "" {
				t.Fatalf("after the end %#x of a call (-model +exchange):\n%s", op, diff)
			}
			x.Begin(abi.Auth, never)
		}
	})
}

// end ends a call and returns what the model says is left of it.
func end(x *abi.Exchange, before, pending state, op byte) state {
	switch op % 3 {
	case 0:
		x.Discard()
		return before
	case 1:
		x.Commit(abi.Respond)
		return pending
	}
	x.Commit(abi.Continue)
	pending.Status = before.Status
	pending.ReplyHeader = before.ReplyHeader
	pending.ReplyBody, pending.ReplyStreamed = before.ReplyBody, before.ReplyStreamed
	return pending
}

// apply makes one edit on both and returns its name.
func apply(x *abi.Exchange, m *state, op byte) string {
	names := [...]string{"Accept", "X-Role", "x-role", "X-New"}
	name, value := names[op>>4&3], strings.Repeat("v", int(op>>6))
	which, list := abi.OfRequest, &m.Header
	if op&8 != 0 {
		which, list = abi.OfReply, &m.ReplyHeader
	}
	n, v := []byte(name), []byte(value)
	switch op & 7 {
	case 0:
		must(x.SetHeader(which, n, v))
		*list = setLine(*list, name, value)
		return "set header " + name
	case 1:
		must(x.AddHeader(which, n, v))
		*list = append(*list, name+": "+value)
		return "add header " + name
	case 2:
		must(x.DelHeader(which, n))
		*list = withoutName(*list, name)
		return "delete header " + name
	case 3:
		must(x.SetBody(which, v))
		if which == abi.OfReply {
			m.ReplyBody, m.ReplyStreamed = value, false
		} else {
			m.Body, m.Streamed = value, false
		}
		return "body"
	case 4:
		must(x.SetMethod(n))
		m.Method = name
		return "method"
	case 5:
		must(x.SetURI([]byte("/" + value)))
		m.URI = "/" + value
		return "target"
	case 6:
		must(x.SetMeta(n, v))
		m.Meta = setMetaLine(m.Meta, name, value)
		return "meta " + name
	}
	must(x.Answer(200+int(op>>4), v))
	m.Status, m.ReplyHeader, m.ReplyBody, m.ReplyStreamed = 200+int(op>>4), nil, value, false
	return "answer"
}

func setLine(list []string, name, value string) []string {
	var out []string
	done := false
	for _, line := range list {
		switch {
		case !named(line, name):
			out = append(out, line)
		case !done:
			out, done = append(out, name+": "+value), true
		}
	}
	if !done {
		out = append(out, name+": "+value)
	}
	return out
}

func setMetaLine(list []string, name, value string) []string {
	out := append([]string(nil), list...)
	for i, line := range out {
		if strings.HasPrefix(line, name+": ") {
			out[i] = name + ": " + value
			return out
		}
	}
	return append(out, name+": "+value)
}

func withoutName(list []string, name string) []string {
	var out []string
	for _, line := range list {
		if !named(line, name) {
			out = append(out, line)
		}
	}
	return out
}

func named(line, name string) bool {
	got, _, _ := strings.Cut(line, ": ")
	return strings.EqualFold(got, name)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
