package native

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

func TestEditsOfTheRequest(t *testing.T) {
	g, x := newGuest(t, abi.Spec{}, abi.Auth)
	for _, e := range [][]any{
		{"header_set", 0, "a", "9"},
		{"header_add", 0, "D", ""},
		{"header_del", 0, "b"},
		{"request_set", 0, "PUT"},
		{"request_set", 1, "/x"},
		{"request_set", 2, "i.example"},
		{"request_body_splice", 1, 3, "ipp"},
		{"request_body_splice", 99, 1, "!"},
		{"meta_set", "m", "v"},
		{"session_set", `{"key_id":"k","meta_data":{"a":1}}`},
		{"metadata_set", `{"b":2}`},
	} {
		if n := g.do(e[0].(string), e[1:]...); n != 0 {
			t.Fatalf("%q = %d, want 0", e, n)
		}
	}
	if diff := cmp.Diff(fields("a", "9", "D", ""), x.Request.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	got := []string{string(x.Request.Method), string(x.Request.URI), string(x.Request.Host), string(x.Request.Body), x.Session.KeyID}
	if diff := cmp.Diff([]string{"PUT", "/x", "i.example", "hippo!", "k"}, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"b": 2.0}, x.Session.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestEditsOfTheReply(t *testing.T) {
	g, x := newGuest(t, abi.Spec{}, abi.Response)
	g.do("reply_set_status", 201)
	g.do("header_set", 1, "C", "4")
	g.do("reply_body_splice", 0, 1, "d")
	if x.Reply.Status != 201 || string(x.Reply.Body) != "dye" || string(x.Reply.Header[0].Value) != "4" {
		t.Errorf("reply = %+v", x.Reply)
	}
	g.do("reply_answer", 418, "teapot")
	if g.do("reply_status") != 418 || string(x.Reply.Body) != "teapot" || len(x.Reply.Header) != 0 {
		t.Errorf("reply = %+v", x.Reply)
	}
}

func TestRefusedEditsHaveTheirCode(t *testing.T) {
	long := strings.Repeat("x", 1001)
	for _, c := range []struct {
		hook abi.Hook
		want Code
		edit []any
	}{
		{abi.Pre, CodeInvalid, []any{"header_set", 0, "a b", "1"}},
		{abi.Pre, CodeInvalid, []any{"header_add", 0, "a", "1\r\nB: 2"}},
		{abi.Pre, CodeInvalid, []any{"header_del", 0, ""}},
		{abi.Pre, CodeInvalid, []any{"header_set", 2, "a", "1"}},
		{abi.Pre, CodeInvalid, []any{"request_set", 0, "GET /"}},
		{abi.Pre, CodeInvalid, []any{"request_set", 1, "x"}},
		{abi.Pre, CodeInvalid, []any{"request_set", 2, ""}},
		{abi.Pre, CodeInvalid, []any{"request_set", 99, ""}},
		{abi.Pre, CodeReadOnly, []any{"request_set", 3, "x"}},
		{abi.Pre, CodeInvalid, []any{"reply_set_status", 99}},
		{abi.Pre, CodeInvalid, []any{"reply_set_status", -1}},
		{abi.Pre, CodeInvalid, []any{"reply_answer", 1 << 30, ""}},
		{abi.Pre, CodeInvalid, []any{"meta_set", "", "x"}},
		{abi.Pre, CodeReadOnly, []any{"session_set", "{}"}},
		{abi.Auth, CodeInvalid, []any{"session_set", "{"}},
		{abi.Auth, CodeInvalid, []any{"session_set", `{"rate":"x"}`}},
		{abi.Auth, CodeReadOnly, []any{"metadata_set", "{}"}},
		{abi.Auth, CodeInvalid, []any{"metadata_set", "[]"}},
		{abi.Pre, CodeLimit, []any{"request_body_set", long}},
		{abi.Pre, CodeLimit, []any{"request_body_splice", 0, 0, long}},
		{abi.Pre, CodeLimit, []any{"reply_answer", 200, long}},
		{abi.Response, CodeReadOnly, []any{"header_set", 0, "a", "1"}},
		{abi.Response, CodeReadOnly, []any{"request_set", 0, "GET"}},
		{abi.Response, CodeReadOnly, []any{"request_body_set", ""}},
		{abi.Event, CodeReadOnly, []any{"header_set", 1, "a", "1"}},
		{abi.Event, CodeReadOnly, []any{"reply_set_status", 200}},
	} {
		g, _ := newGuest(t, abi.Spec{}, c.hook)
		if got := g.do(c.edit[0].(string), c.edit[1:]...); got != int64(c.want) {
			t.Errorf("%v: %.40q = %d, want %d", c.hook, c.edit, got, c.want)
		}
	}
}

func TestWhyAnEditWasRefusedIsRemembered(t *testing.T) {
	g, x := newGuest(t, abi.Spec{}, abi.Pre)
	g.do("header_set", 0, "a b", "1")
	if got := g.call.Refused(); got != error(abi.ErrName) {
		t.Errorf("Refused() = %v, want %v", got, abi.ErrName)
	}
	g.call.Begin(x)
	if got := g.call.Refused(); got != nil {
		t.Errorf("Refused() = %v in the next call", got)
	}
}

func TestBodiesWrittenInALoopAreLimited(t *testing.T) {
	for _, limit := range []int{1000, 0} {
		g, x := newGuest(t, abi.Spec{}, abi.Pre)
		x.BodyLimit = limit
		g.module.Memory().WriteString(0, strings.Repeat("x", 1000))
		most := maxWritten
		if limit > 0 {
			most = writtenFactor * limit
		}
		written := 0
		for written <= most {
			if n := g.do("request_body_set", 0, 1000); n != 0 {
				break
			}
			written += 1000
		}
		if written == 0 || written > most {
			t.Errorf("with a limit of %d a call wrote %d bytes, want at most %d", limit, written, most)
		}
	}
}
