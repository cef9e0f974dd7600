package native

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestReads(t *testing.T) {
	g, x := newGuest(t, abi.Spec{Config: []byte(`{"s":"text","o":{"a":1},"":"e"}`)}, abi.Pre)
	x.Session = &abi.Session{
		KeyID: "k1", OrgID: "o1", Alias: "ann", Tags: []string{"x"}, Inactive: true, Rate: 2.5, Per: 60,
		Expires: 7, QuotaMax: 8, QuotaRemaining: 9, QuotaRenewalRate: 10,
		Metadata: map[string]any{"plan": "gold", "n": 1.5},
	}
	if err := x.SetMeta([]byte("seen"), []byte("yes")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"header_get", []any{0, "a"}, "1"},
		{"header_get", []any{0, "b"}, ""},
		{"header_get", []any{1, "c"}, "3"},
		{"header_get", []any{1, "a"}, "(not found)"},
		{"header_get", []any{2, "a"}, "(invalid)"},
		{"request_get", []any{0}, "POST"},
		{"request_get", []any{1}, "/a?b"},
		{"request_get", []any{2}, "h.example"},
		{"request_get", []any{3}, "192.0.2.1:1"},
		{"request_get", []any{4}, "HTTP/1.1"},
		{"request_get", []any{5}, "https"},
		{"request_get", []any{6}, "r1"},
		{"request_get", []any{7}, "(invalid)"},
		{"request_body_read", []any{0}, "hello"},
		{"request_body_read", []any{3}, "lo"},
		{"request_body_read", []any{99}, ""},
		{"reply_body_read", []any{1}, "ye"},
		{"meta_get", []any{"seen"}, "yes"},
		{"meta_get", []any{"Seen"}, "(not found)"},
		{"session_get", []any{"key_id"}, "k1"},
		{"session_get", []any{"org_id"}, "o1"},
		{"session_get", []any{"alias"}, "ann"},
		{"session_get", []any{"tags"}, `["x"]`},
		{"session_get", []any{"is_inactive"}, "true"},
		{"session_get", []any{"rate"}, "2.5"},
		{"session_get", []any{"per"}, "60"},
		{"session_get", []any{"expires"}, "7"},
		{"session_get", []any{"quota_max"}, "8"},
		{"session_get", []any{"quota_remaining"}, "9"},
		{"session_get", []any{"quota_renewal_rate"}, "10"},
		{"session_get", []any{"meta_data"}, `{"n":1.5,"plan":"gold"}`},
		{"session_get", []any{"none"}, "(not found)"},
		{"metadata_get", []any{"plan"}, "gold"},
		{"metadata_get", []any{"n"}, "1.5"},
		{"metadata_get", []any{""}, `{"n":1.5,"plan":"gold"}`},
		{"metadata_get", []any{"none"}, "(not found)"},
		{"config_get", []any{0, "s"}, "text"},
		{"config_get", []any{0, "o"}, `{"a":1}`},
		{"config_get", []any{0, ""}, `{"s":"text","o":{"a":1},"":"e"}`},
		{"config_get", []any{0, "none"}, "(not found)"},
		{"config_get", []any{1, "tier"}, "gold"},
		{"config_get", []any{1, "n"}, "[1]"},
		{"config_get", []any{2, "n"}, "(invalid)"},
		{"api_get", []any{0}, "a1"},
		{"api_get", []any{1}, "orders"},
		{"api_get", []any{2}, "o1"},
		{"api_get", []any{3}, "/orders/"},
		{"api_get", []any{4}, "(invalid)"},
		{"notice_get", []any{0}, "Alarm"},
		{"notice_get", []any{1}, "{}"},
		{"notice_get", []any{2}, "(invalid)"},
	} {
		if got := g.read(c.name, c.args...); got != c.want {
			t.Errorf("%s%q = %q, want %q", c.name, c.args, got, c.want)
		}
	}
}

func TestLists(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"header_values", []any{0, "A"}, "1,2"},
		{"header_values", []any{0, "B"}, ""},
		{"header_values", []any{0, "none"}, ""},
		{"header_names", []any{0}, "A,B"},
		{"header_all", []any{0}, "A,1,B,,a,2"},
		{"header_all", []any{1}, "C,3"},
	} {
		if got := items(g.read(c.name, c.args...)); got != c.want {
			t.Errorf("%s%q = %q, want %q", c.name, c.args, got, c.want)
		}
	}
}

func TestATooSmallBufferStaysUntouched(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	const list = 4 + 4*6 + len("A1Ba2")
	for _, c := range []struct {
		name string
		args []any
		want int64
	}{
		{"request_get", []any{2, bufferAt, 8}, 9},
		{"request_get", []any{2, bufferAt, 0}, 9},
		{"request_get", []any{5, bufferAt, 4}, 5},
		{"api_get", []any{1, bufferAt, 5}, 6},
		{"header_all", []any{0, bufferAt, list - 1}, int64(list)},
		{"header_names", []any{0, bufferAt, 3}, 14},
	} {
		if got := g.do(c.name, c.args...); got != c.want {
			t.Errorf("%s%v = %d, want %d", c.name, c.args, got, c.want)
		}
		if b, _ := g.module.Memory().Read(bufferAt, 64); string(b) != string(make([]byte, 64)) {
			t.Fatalf("%s%v wrote to a buffer that is too small: %q", c.name, c.args, b)
		}
	}
}

func TestClocksAndRandomBytes(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	if got := g.do("clock", 0); got < 1_600_000_000_000_000_000 {
		t.Errorf("clock(0) = %d, want nanoseconds of this century", got)
	}
	if first, second := g.do("clock", 1), g.do("clock", 1); second < first || first < 0 {
		t.Errorf("clock(1) = %d and then %d", first, second)
	}
	if got := g.do("time_left"); got <= 0 {
		t.Errorf("time_left() = %d, want about an hour", got)
	}
	if n := g.do("random", bufferAt, 32); n != 0 {
		t.Errorf("random() = %d, want 0", n)
	}
	if b, _ := g.module.Memory().Read(bufferAt, 32); string(b) == string(make([]byte, 32)) {
		t.Error("random() left the buffer as it was")
	}
}

func TestLogCarriesTheRequest(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{}, abi.Pre)
	g.do("log", 2, "careful")
	if n := g.do("log", 4, "fatal"); n != int64(CodeInvalid) {
		t.Errorf("log(4) = %d, want invalid", n)
	}
	if len(g.log.lines) != 1 || g.log.lines[0] != "warn r1 careful" {
		t.Errorf("log = %q", g.log.lines)
	}
}

func TestStreamedBodiesCannotBeRead(t *testing.T) {
	g, x := newGuest(t, abi.Spec{}, abi.Response)
	x.Request.Body, x.Request.Streamed = nil, true
	x.Reply.Body, x.Reply.Streamed = nil, true
	for name, args := range map[string][]any{
		"request_body_size": nil, "reply_body_size": nil,
		"request_body_read": {0, bufferAt, 1}, "reply_body_splice": {0, 0, "x"},
	} {
		if got := g.do(name, args...); got != int64(CodeStreamed) {
			t.Errorf("%s = %d, want streamed", name, got)
		}
	}
}

func TestWithoutACallOnlyTheSystemIsThere(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{Config: []byte(`{"a":"b"}`)}, abi.Pre)
	g.call.End()
	idle := map[string]bool{"config_get": true, "log": true, "clock": true, "random": true, "env_get": true}
	for _, f := range functions() {
		got := g.raw(f.name, make([]uint64, f.arity()))
		if (got == int64(CodeNoCall)) == idle[f.name] {
			t.Errorf("%s = %d", f.name, got)
		}
	}
	if got := g.read("config_get", 1, "a"); got != "(no call)" {
		t.Errorf("config_get of the API = %q, want no call", got)
	}
	if got := g.read("config_get", 0, "a"); got != "b" {
		t.Errorf("config_get of the plugin = %q, want b", got)
	}
}
