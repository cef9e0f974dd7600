package reference_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/compare/bench/plain"
	"github.com/c386954a/sallyport/internal/compare/bench/reference"
)

// values is a store with one key.
type values map[string]string

func (v values) Get(_ time.Time, key []byte) ([]byte, time.Time, bool, error) {
	if v == nil {
		return nil, time.Time{}, false, errors.New("the store is down")
	}
	value, ok := v[string(key)]
	return []byte(value), time.Time{}, ok, nil
}

// nothing is the runtime behind the references.
type nothing struct{ closed *bool }

func (nothing) Load(context.Context, abi.Spec) (abi.Plugin, error) {
	return nil, errors.New("asked the next")
}

func (n nothing) Close(context.Context) error {
	*n.closed = true
	return nil
}

// models are the references as entries of the hook that follows.
var models = []string{"native", "otto-copied", "goja-fresh"}

func load(t *testing.T, model, hook string, kind abi.Hook, kv reference.SharedValues) abi.Plugin {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hooks.js")
	text, err := guest.Script(guest.JavaScript)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]string{"script": file, "entry": hook})
	if err != nil {
		t.Fatal(err)
	}
	entry := model
	if model == "native" {
		entry += "-" + hook
	}
	r := reference.New(reference.Config{Next: nothing{new(bool)}, KV: kv})
	p, err := r.Load(t.Context(), abi.Spec{Name: "p", Entry: entry, Config: config, Hooks: abi.SetOf(kind)})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Declares().Hooks.Has(kind) {
		t.Fatalf("%s does not declare %s", entry, kind)
	}
	return p
}

// exchange is a request as the benchmark sends it.
func exchange(hook abi.Hook) *abi.Exchange {
	x := &abi.Exchange{Hook: hook, API: &abi.API{ID: "bench", Name: "bench"}}
	x.Request.Method, x.Request.URI = []byte("GET"), []byte("/x?id=1")
	x.Request.Header = abi.Header{
		{Name: []byte("Authorization"), Value: []byte("Bearer " + guest.Key)},
		{Name: []byte("User-Agent"), Value: []byte("bench/1.0")},
		{Name: []byte("X-Debug"), Value: []byte("1")},
	}
	return x
}

func fields(h abi.Header) map[string]string {
	all := map[string]string{}
	for _, f := range h {
		all[string(f.Name)] = string(f.Value)
	}
	return all
}

// sameJSON compares what the texts mean: otto sorts members.
func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if d := cmp.Diff(b, a); d != "" {
		t.Error(d)
	}
}

// each runs a hook in every model.
func each(t *testing.T, hook string, kind abi.Hook, kv reference.SharedValues, check func(t *testing.T, p abi.Plugin)) {
	t.Helper()
	for _, m := range models {
		t.Run(m, func(t *testing.T) { check(t, load(t, m, hook, kind, kv)) })
	}
}

func TestHeaderHook(t *testing.T) {
	each(t, "headers", abi.Pre, values{}, func(t *testing.T, p abi.Plugin) {
		x := exchange(abi.Pre)
		if v, err := p.Call(x); v != abi.Continue || err != nil {
			t.Fatalf("Call() = %v, %v", v, err)
		}
		want := map[string]string{
			"Authorization": "Bearer " + guest.Key, "User-Agent": "bench/1.0", "X-Tenant": guest.Tenant, "X-Agent": "bench/1.0",
		}
		if d := cmp.Diff(want, fields(x.Request.Header)); d != "" {
			t.Error(d)
		}
	})
}

func TestJSONHook(t *testing.T) {
	const body = `{"note":"a \"status\": x","items":[{"id":7,"status":"open"}],"id":"o-1","status":"new"}`
	each(t, "json", abi.Post, values{}, func(t *testing.T, p abi.Plugin) {
		x := exchange(abi.Post)
		x.Request.Body = []byte(body)
		if v, err := p.Call(x); v != abi.Continue || err != nil {
			t.Fatalf("Call() = %v, %v", v, err)
		}
		sameJSON(t, x.Request.Body, strings.Replace(body, `"new"`, `"seen"`, 1))
		h := fields(x.Request.Header)
		if h["X-Order"] != "o-1" || h["X-Status"] != "new" {
			t.Errorf("header = %v, want X-Order o-1 and X-Status new", h)
		}
	})
}

func TestAuthHook(t *testing.T) {
	each(t, "auth", abi.Auth, values{guest.StoreKey: guest.Tenant}, func(t *testing.T, p abi.Plugin) {
		x := exchange(abi.Auth)
		v, err := p.Call(x)
		if v != abi.Continue || err != nil || x.Session == nil || x.Session.KeyID != guest.Tenant {
			t.Fatalf("Call() = %v, %v, session %+v", v, err, x.Session)
		}
		if got := fields(x.Request.Header)["X-Tenant"]; got != guest.Tenant {
			t.Errorf("X-Tenant = %q", got)
		}
		x = exchange(abi.Auth)
		x.Request.Header[0].Value = []byte("Bearer another")
		if v, err := p.Call(x); v != abi.Respond || err != nil || x.Reply.Status != 401 || x.Session != nil {
			t.Errorf("Call() = %v, %v, status %d for an unknown key, want 401", v, err, x.Reply.Status)
		}
	})
}

func TestAuthHookWithoutAStoreIsAFault(t *testing.T) {
	each(t, "auth", abi.Auth, values(nil), func(t *testing.T, p abi.Plugin) {
		if _, err := p.Call(exchange(abi.Auth)); err == nil || !strings.Contains(err.Error(), "the store is down") {
			t.Errorf("Call() = %v, want what the store said", err)
		}
	})
}

func TestResponseHook(t *testing.T) {
	each(t, "response", abi.Response, values{}, func(t *testing.T, p abi.Plugin) {
		x := exchange(abi.Response)
		x.Reply.Status, x.Reply.Body = 200, []byte(plain.Body)
		x.Reply.Header = abi.Header{{Name: []byte("X-Powered-By"), Value: []byte("upstream")}}
		if v, err := p.Call(x); v != abi.Continue || err != nil {
			t.Fatalf("Call() = %v, %v", v, err)
		}
		if d := cmp.Diff(map[string]string{"X-Rewritten": "1"}, fields(x.Reply.Header)); d != "" {
			t.Error(d)
		}
		sameJSON(t, x.Reply.Body, strings.Replace(plain.Body, "new", "seen", 1))
	})
}

// TestScriptsKeepNoState runs a script that counts its calls.
func TestScriptsKeepNoState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "count.js")
	const count = `var m = new TykJS.TykMiddleware.NewMiddleware({}), n = 0;
		m.NewProcessRequest(function (r) { n++; r.SetHeaders["N"] = _.first([String(n)]); return m.ReturnData(r, {}); });`
	if err := os.WriteFile(file, []byte(count), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, entry := range models[1:] {
		r := reference.New(reference.Config{KV: values{}})
		p, err := r.Load(t.Context(), abi.Spec{Entry: entry, Config: []byte(`{"script":"` + file + `","entry":"m"}`), Hooks: abi.SetOf(abi.Pre)})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			x := exchange(abi.Pre)
			if _, err := p.Call(x); err != nil || fields(x.Request.Header)["N"] != "1" {
				t.Errorf("%s: %v, %v, want 1 in every call", entry, fields(x.Request.Header), err)
			}
		}
	}
}

func TestOtherEntriesAreLeftToTheNextRuntime(t *testing.T) {
	closed := false
	r := reference.New(reference.Config{Next: nothing{&closed}})
	if _, err := r.Load(t.Context(), abi.Spec{Entry: "headers"}); err == nil || err.Error() != "asked the next" {
		t.Errorf("Load() = %v", err)
	}
	if err := r.Close(t.Context()); err != nil || !closed {
		t.Errorf("Close() = %v, closed %v", err, closed)
	}
}

func TestMistakesAreRefusedByName(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.js")
	if err := os.WriteFile(broken, []byte("var = ;"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, entry, config, want string }{
		{"no such hook", "native-nothing", ``, `no native hook "nothing"`},
		{"no configuration", "goja-fresh", ``, "script and entry"},
		{"no such file", "goja-fresh", `{"script":"/nowhere/x.js"}`, "/nowhere/x.js"},
		{"goja does not compile", "goja-fresh", `{"script":"` + broken + `"}`, "broken.js"},
		{"otto does not compile", "otto-copied", `{"script":"` + broken + `"}`, "broken.js"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reference.New(reference.Config{})
			_, err := r.Load(t.Context(), abi.Spec{Name: "p", Entry: c.entry, Config: []byte(c.config)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load() = %v, want %q", err, c.want)
			}
		})
	}
}
