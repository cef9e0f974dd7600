package jsvm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
	"github.com/c386954a/sallyport/store"
)

const notFound = `{"status":"error","message":"Key not found"}`

func keys(t *testing.T, key string, s *abi.Session) *store.Memory {
	t.Helper()
	m := store.NewMemory()
	if err := m.PutSession(time.Time{}, []byte(key), s); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTykGetKeyData(t *testing.T) {
	m := keys(t, "k1", &abi.Session{KeyID: "id", OrgID: "acme", Alias: "a", Rate: 7, Metadata: map[string]any{"x": map[string]any{"y": 1.0}}})
	c := jsvm.Config{Sessions: m}
	got := says(t, c, "", `(function () { var s = JSON.parse(TykGetKeyData("k1", "orders"));
		return [s.alias, s.rate, s.meta_data.x.y, s.key_id, s.basic_auth_data.password, s.status]; })()`)
	if got != "a,7,1,id,," {
		t.Errorf("session = %q", got)
	}
	for _, args := range []string{`"k2", "orders"`, `"k1", "elsewhere"`, `"", "orders"`, ``} {
		if got := says(t, c, "", `TykGetKeyData(`+args+`)`); got != notFound {
			t.Errorf("TykGetKeyData(%s) = %q, want %q", args, got, notFound)
		}
	}
	if got := says(t, c, "", `JSON.parse(TykGetKeyData(["k1"], "orders")).alias`); got != "a" {
		t.Errorf("a header list as key = %q, want a", got)
	}
	c.OrgOf = func(apiID string) string { return map[string]string{"elsewhere": "acme"}[apiID] }
	if got := says(t, c, "", `JSON.parse(TykGetKeyData("k1", "elsewhere")).alias + JSON.parse(TykGetKeyData("k1", "none")).status`); got != "aerror" {
		t.Errorf("by an API that does not bind the plugin = %q, want a, and an error for one that is not there", got)
	}
	if got := says(t, jsvm.Config{}, "", `TykGetKeyData("k1", "orders")`); got != notFound {
		t.Errorf("without a store = %q, want %q", got, notFound)
	}
}

func TestTykSetKeyData(t *testing.T) {
	m := keys(t, "k1", &abi.Session{KeyID: "id", OrgID: "acme", QuotaMax: 10, QuotaRemaining: 3})
	set := func(c jsvm.Config, args string) *abi.Session {
		t.Helper()
		c.Sessions = m
		if got := says(t, c, "", `typeof TykSetKeyData(`+args+`)`); got != "undefined" {
			t.Errorf("TykSetKeyData(%s) is %s, want undefined", args, got)
		}
		s, err := m.Session(time.Time{}, []byte("k1"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	edit := `(function () { var s = JSON.parse(TykGetKeyData("k1", "orders")); s.alias = "new"; s.meta_data = {a: "b"}; return JSON.stringify(s); })()`

	kept := set(jsvm.Config{}, `"k1", `+edit+`, 1`)
	if d := cmp.Diff(&abi.Session{KeyID: "id", OrgID: "acme", Alias: "new", QuotaMax: 10, QuotaRemaining: 3, Metadata: map[string]any{"a": "b"}}, kept); d != "" {
		t.Errorf("with the quota kept: %s", d)
	}
	if s := set(jsvm.Config{}, `"k1", `+edit+`, "0"`); s.QuotaRemaining != 10 {
		t.Errorf("quota = %d, want it reset to 10", s.QuotaRemaining)
	}
	before, _ := m.Session(time.Time{}, []byte("k1"))
	for _, session := range []string{`"x"`, `"{\"rate\":\"1\"}"`, `"{\"tags\":1}"`, `"{\"access_rights\":{\"a\":{\"limit\":{\"rate\":\"x\"}}}}"`, `undefined`} {
		if set(jsvm.Config{}, `"k1", `+session+`, 1`) != before {
			t.Errorf("TykSetKeyData(%s) has stored something", session)
		}
	}
	set(jsvm.Config{}, `"", "{}", 1`)
	if s, err := m.Session(time.Time{}, nil); s != nil || err != nil {
		t.Errorf("a session without a key was stored: %v, %v", s, err)
	}
	if set(jsvm.Config{RequireRights: true}, `"k1", "{}", 1`) != before {
		t.Error("a master key was stored")
	}
	if s := set(jsvm.Config{RequireRights: true}, `"k1", JSON.stringify({alias: "r", access_rights: {orders: {api_id: "orders"}}}), 1`); s.Alias != "r" {
		t.Errorf("alias = %q, want r", s.Alias)
	}
}

func TestSessionsAreReadAndWrittenAtLoad(t *testing.T) {
	m := keys(t, "k1", &abi.Session{Alias: "a"})
	p := loadSpec(t, jsvm.Config{Sessions: m}, abi.Spec{Entry: "m"},
		`var alias = JSON.parse(TykGetKeyData("k1", "")).alias;`+handler(`request.Body = alias; return m.ReturnData(request, {});`))
	x := exchange()
	must(t, p, x, abi.Pre)
	if got := string(x.Request.Body); !strings.Contains(got, "a") {
		t.Errorf("body = %q, want a", got)
	}
}
