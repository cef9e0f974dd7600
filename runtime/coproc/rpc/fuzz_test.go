package rpc_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// FuzzCheck compares Check with encoding/json, which accepts more: duplicate
// names, unpaired surrogates, bytes that are not UTF-8.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"\u00e9",null,true]}`, `{"a":1,"a":1}`, `"\ud800"`, `[[[`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := new(rpc.Parser).Check(b)
		if valid := json.Valid(b); valid && errors.Is(err, rpc.ErrSyntax) && !hasEscape(b) {
			t.Fatalf("Check(%q) = %v, encoding/json takes it", b, err)
		} else if !valid && err == nil {
			t.Fatalf("Check(%q) = nil, encoding/json refuses it", b)
		}
	})
}

func hasEscape(b []byte) bool {
	return slices.Contains(b, '\\')
}

// FuzzApply shows that no answer of a process breaks the gateway, and that
// whatever is applied is fit for a request.
func FuzzApply(f *testing.F) {
	for _, s := range []string{
		`{"jsonrpc":"2.0","id":1,"result":{"action":"continue","request":{"set_headers":{"A":["b","c"]},"add_headers":[["a","b"],["a",null,"YQ=="]],"delete_headers":["x"]}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"action":"continue","request":{"url":"/a?b=c","delete_params":["b"],"add_params":{"x":"y"},"method":"PUT","host":"h","body":"\u00e9"},"meta":{"a":"b"}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"action":"allow","session":{"rate":1,"metadata":{"a":[]}}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"action":"respond","request":{"return_overrides":{"response_code":402,"response_error":"x","headers":{"a":"b"}}}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"action":"respond","response":{"status_code":200,"raw_body":"YQ=="}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"action":"continue","redirect":{"api":"b","url":"/a?b","method":"PUT","limit":3,"check_limits":true}}}`,
		`{"jsonrpc":"2.0","id":1,"error":{"code":4004,"message":"x","data":{}}}`,
		`{"jsonrpc":"2.0","method":"log","params":{"level":"warn","msg":"x","attrs":{}}}`,
	} {
		f.Add([]byte(s), uint8(abi.Pre))
		f.Add([]byte(s), uint8(abi.Auth))
		f.Add([]byte(s), uint8(abi.Response))
	}
	f.Fuzz(func(t *testing.T, b []byte, hook uint8) {
		frame, err := new(rpc.Parser).Frame(b)
		if err != nil {
			return
		}
		_, _ = rpc.ParseLog(frame.Params)
		_, _ = rpc.ParseFault(frame.Error)
		x := exchange(abi.Hook(hook % uint8(abi.HookCount)))
		out, err := everything.Apply(x, frame.Result)
		if err != nil {
			if k := abi.KindOf(err); k != abi.Protocol && k != abi.Limit {
				t.Fatalf("Apply() = %v", err)
			}
			return
		}
		if x.Hook == abi.Auth && out.Verdict == abi.Continue && x.Session == nil {
			t.Fatal("auth lets a request pass without a session")
		}
		for _, h := range []abi.Header{x.Request.Header, x.Reply.Header} {
			for _, field := range h {
				if !abi.ValidName(field.Name) || !abi.ValidValue(field.Value) {
					t.Fatalf("applied %q: %q", field.Name, field.Value)
				}
			}
		}
	})
}

// FuzzAppendDispatch shows that whatever a client sends becomes one line of
// strict JSON.
func FuzzAppendDispatch(f *testing.F) {
	f.Add([]byte("/a"), []byte("v"), []byte("body"))
	f.Add([]byte("/\xff\n"), []byte("\xff\"\\\r\n\x00"), []byte("\u2028\x7f"))
	f.Fuzz(func(t *testing.T, uri, value, body []byte) {
		x := exchange(abi.Pre)
		x.Request.URI, x.Request.Body = uri, body
		x.Request.Header[0].Value = value
		x.Meta = abi.Meta{{Name: value, Value: uri}}
		x.Session = &abi.Session{Alias: string(value), Metadata: map[string]any{"a": string(body)}}
		got, err := everything.AppendDispatch(nil, x, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := new(rpc.Parser).Check(got); err != nil {
			t.Fatalf("Check(%s) = %v", got, err)
		}
		for _, c := range got {
			if c == '\n' {
				t.Fatalf("newline in %q", got)
			}
		}
	})
}
