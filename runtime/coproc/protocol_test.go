package coproc_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

const published = "../../abi/"

// schema returns a part of the published schema of the protocol.
func schema(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(published + "coproc.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("coproc.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("coproc.json#/$defs/" + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, line string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%v\nin %s", err, line)
	}
}

func TestExamplesOfTheProtocolAreValid(t *testing.T) {
	doc, err := os.ReadFile(published + "COPROC.md")
	if err != nil {
		t.Fatal(err)
	}
	gateway, plugin := schema(t, "fromGateway"), schema(t, "fromPlugin")
	n := 0
	for line := range strings.Lines(string(doc)) {
		if text, ok := strings.CutPrefix(line, "> "); ok {
			validate(t, gateway, text)
			n++
		}
		if text, ok := strings.CutPrefix(line, "< "); ok {
			validate(t, plugin, text)
			n++
		}
	}
	if n < 20 {
		t.Errorf("%d examples found, want 20 or more", n)
	}
}

func TestSchemaOfTheProtocolRefusesMistakes(t *testing.T) {
	plugin := schema(t, "fromPlugin")
	for _, line := range []string{
		`{"jsonrpc":"2.0","id":"7","result":{}}`,
		`{"jsonrpc":"2.0","id":7,"result":{"action":"pass"}}`,
		`{"jsonrpc":"2.0","id":7,"result":{"action":"continue","request":{"set_header":{"A":"b"}}}}`,
		`{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":""}}`,
		`{"jsonrpc":"2.0","method":"metric","params":{"name":"Big Name","kind":"counter","value":1}}`,
		`{"jsonrpc":"2.0","id":7,"result":{"protocol":"1.0","handlers":[{"hook_name":"a","hook_types":["before"]}]}}`,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if plugin.Validate(v) == nil {
			t.Errorf("accepted: %s", line)
		}
	}
}

// TestGatewayWritesWhatTheSchemaSays records everything a process is sent.
func TestGatewayWritesWhatTheSchemaSays(t *testing.T) {
	c := coproc.Config{}
	dir := t.TempDir()
	record := filepath.Join(dir, "record")
	if os.Geteuid() == 0 && !raced {
		c.Sandbox = &sandbox.Config{User: "0", Write: []string{dir}}
	}
	r := start(t, c, "fake", "record", record)
	s := spec("any", abi.Pre, abi.Post, abi.Response)
	s.Config = []byte(`{"a":[1]}`)
	p := load(t, r, s)
	for _, h := range []abi.Hook{abi.Pre, abi.Post, abi.Response} {
		x := exchange(h, "User-Agent", "curl", "X-Bytes", "\xff\xfe", "X-Bytes", "again")
		x.Session = &abi.Session{KeyID: "k1", Tags: []string{"a"}, Metadata: map[string]any{"plan": "gold"}}
		x.Meta = abi.Meta{{Name: []byte("seen"), Value: []byte("1")}}
		x.Reply = abi.Reply{Status: 200, Header: abi.Header{{Name: []byte("Server"), Value: []byte("x")}}}
		if _, err := p.Call(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeRuntime(t, r)
	sent, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	gateway := schema(t, "fromGateway")
	n := 0
	for line := range strings.Lines(string(sent)) {
		validate(t, gateway, line)
		n++
	}
	if n != 8 {
		t.Errorf("%d messages, want initialize, initialized, api/load, three calls, api/unload and shutdown:\n%s", n, sent)
	}
}

// TestClientThatLeavesCancelsTheCall has a call that the process never answers.
func TestClientThatLeavesCancelsTheCall(t *testing.T) {
	c := coproc.Config{}
	dir := t.TempDir()
	record := filepath.Join(dir, "record")
	if os.Geteuid() == 0 && !raced {
		c.Sandbox = &sandbox.Config{User: "0", Write: []string{dir}}
	}
	r := start(t, c, "fake", "record", record)
	p := load(t, r, spec("any"))
	sent := func() string {
		b, _ := os.ReadFile(record) // it need not be there yet
		return string(b)
	}
	gone := make(chan struct{})
	x := exchange(abi.Pre)
	x.RequestID, x.Gone = []byte("unanswered"), gone
	failed := make(chan error)
	go func() {
		_, err := p.Call(x)
		failed <- err
	}()
	eventually(t, func() bool { return strings.Contains(sent(), `"request_id":"unanswered"`) })
	close(gone)
	if err := <-failed; abi.KindOf(err) != abi.Cancelled {
		t.Errorf("Call() = %v, want kind cancelled", err)
	}
	eventually(t, func() bool { return strings.Contains(sent(), `"reason":"client_closed"`) })
	last := sent()[strings.LastIndex(strings.TrimSpace(sent()), "\n")+1:]
	validate(t, schema(t, "fromGateway"), last)
	if _, err := p.Call(exchange(abi.Pre)); err != nil {
		t.Errorf("the next call: %v", err)
	}
}
