package builtin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

func TestLoadRefusesWhatItCannotServe(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec abi.Spec
		want string
	}{
		{"misspelled entry", abi.Spec{Entry: "key-aut"}, `no built-in step "key-aut"; did you mean key-auth?; there are access, headers, key-auth, paths, rate-limit, size-limit, transform, version`},
		{"unknown entry", abi.Spec{Entry: "quota-by-moon"}, `no built-in step "quota-by-moon"; there are access, headers, key-auth, paths, rate-limit, size-limit, transform, version`},
		{"no entry", abi.Spec{}, `no built-in step ""; there are access, headers, key-auth, paths, rate-limit, size-limit, transform, version`},
		{"source", abi.Spec{Entry: "headers", Source: "x.wasm"}, "headers is built in and takes no source"},
		{"hook", abi.Spec{Entry: "headers", Hooks: abi.SetOf(abi.Pre, abi.Auth)}, "headers does not implement hook auth; it implements pre, post_key_auth, post"},
		{"config key", abi.Spec{Entry: "key-auth", Config: []byte(`{"heder": "X"}`)}, `unknown key "heder" in the configuration; did you mean header?; key-auth takes header, query, cookie, strip, reply, session, expiry`},
		{"config of none", abi.Spec{Entry: "headers", Config: []byte(`{"rate": 1}`)}, `unknown key "rate" in the configuration; headers takes none`},
		{"config case", abi.Spec{Entry: "key-auth", Config: []byte(`{"Header": "X"}`)}, `unknown key "Header" in the configuration; did you mean header?; key-auth takes header, query, cookie, strip, reply, session, expiry`},
		{"config type", abi.Spec{Entry: "key-auth", Config: []byte(`{"strip": "yes"}`)}, "strip must be a bool, not a string"},
		{"config array", abi.Spec{Entry: "key-auth", Config: []byte(`[]`)}, "the configuration is not an object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
		{"nowhere", abi.Spec{Entry: "key-auth", Config: []byte(`{"header": ""}`)}, "key-auth has nowhere to look: header, query and cookie are all empty"},
		{"header name", abi.Spec{Entry: "key-auth", Config: []byte(`{"header": "X Key"}`)}, `header "X Key" is not a valid header name`},
		{"reply", abi.Spec{Entry: "rate-limit", Config: []byte(`{"reply": "tik"}`)}, `reply "tik"; did you mean tyk?; there are native, tyk`},
		{"session", abi.Spec{Entry: "key-auth", Config: []byte(`{"session": "kep"}`)}, `session "kep"; did you mean keep?; there are use, keep`},
		{"path key", abi.Spec{Entry: "paths", Config: []byte(`{"block": [{"path": "a", "methd": "GET"}]}`)}, `configuration: json: unknown field "methd"`},
		{"session of auth", abi.Spec{Entry: "key-auth", Config: []byte(`{"session": "keep"}`), Hooks: abi.SetOf(abi.Auth)}, "session: keep has nothing to keep in hook auth; bind the step to post_key_auth"},
		{"expiry", abi.Spec{Entry: "key-auth", Config: []byte(`{"expiry": "never"}`)}, `expiry "never"; there are check, later`},
		{"path without path", abi.Spec{Entry: "paths", Config: []byte(`{"block": [{"method": "GET"}]}`)}, "block[0] has no path"},
		{"path expression", abi.Spec{Entry: "paths", Config: []byte(`{"allow": [{"path": "a"}, {"path": "("}]}`)}, "allow[1]: error parsing regexp: missing closing ): `(`"},
		{"size", abi.Spec{Entry: "size-limit"}, "max must be a number of bytes above 0"},
		{"no location", abi.Spec{Entry: "version"}, `location ""; there are header, query, path`},
		{"location", abi.Spec{Entry: "version", Config: []byte(`{"location": "heder"}`)}, `location "heder"; did you mean header?; there are header, query, path`},
		{"key of a path", abi.Spec{Entry: "version", Config: []byte(`{"location": "path", "key": "v"}`)}, "key does not apply to location path"},
		{"no key", abi.Spec{Entry: "version", Config: []byte(`{"location": "query"}`)}, "key must name the query that holds the version"},
		{"key name", abi.Spec{Entry: "version", Config: []byte(`{"location": "header", "key": "a b"}`)}, `key "a b" is not a valid header name`},
		{"no versions", abi.Spec{Entry: "version", Config: []byte(`{"location": "path"}`)}, "versions is empty"},
		{"default", abi.Spec{Entry: "version", Config: []byte(`{"location": "path", "versions": {"v1": "a"}, "default": "v2"}`)}, `default "v2" is not one of versions; did you mean v1?`},
		{"fallback", abi.Spec{Entry: "version", Config: []byte(`{"location": "path", "versions": {"v1": "a"}, "fallback": true}`)}, "fallback needs a default"},
		{"version name", abi.Spec{Entry: "version", Config: []byte(`{"location": "path", "versions": {"v1": "tyk://a"}}`)}, `version "v1": "tyk://a" is not the name of an api`},
		{"expires of nothing", abi.Spec{Entry: "version", Config: []byte(`{"location": "path", "versions": {"v1": "a"}, "expires": {"v2": "x"}}`)}, `expires: "v2" is not one of versions`},
		{"expires", abi.Spec{Entry: "version", Config: []byte(`{"location": "path", "versions": {"v1": "a"}, "expires": {"v1": "soon"}}`)}, `expires of "v1" must be a time such as 2030-12-31T00:00:00Z, not "soon"`},
		{"set", abi.Spec{Entry: "transform", Config: []byte(`{"set": {"a b": "c"}}`)}, `set: "a b" is not a valid header name`},
		{"set value", abi.Spec{Entry: "transform", Config: []byte(`{"set": {"a": "c\n"}}`)}, "set: the value of a has a control character"},
		{"remove", abi.Spec{Entry: "transform", Config: []byte(`{"remove": [""]}`)}, `remove: "" is not a valid header name`},
		{"cookie name", abi.Spec{Entry: "key-auth", Config: []byte(`{"cookie": "a;b"}`)}, `cookie "a;b" is not a valid cookie name`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Name = "p"
			_, err := builtin.New(builtin.Config{Store: store.NewMemory(), Dialects: dialects}).Load(t.Context(), tt.spec)
			if err == nil || abi.KindOf(err) != abi.Refused {
				t.Fatalf("Load() = %v, want a refusal", err)
			}
			if diff := cmp.Diff("refused: "+tt.want, err.Error()); diff != "" {
				t.Errorf("Load() error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStepsThatCountNeedAStore(t *testing.T) {
	rt := builtin.New(builtin.Config{})
	for _, entry := range []string{"key-auth", "rate-limit"} {
		_, err := rt.Load(t.Context(), abi.Spec{Name: "p", Entry: entry})
		if err == nil || !strings.Contains(err.Error(), entry+" needs a store") {
			t.Errorf("Load(%s) = %v, want a refusal", entry, err)
		}
	}
	if _, err := rt.Load(t.Context(), abi.Spec{Name: "p", Entry: "headers"}); err != nil {
		t.Errorf("Load(headers) = %v", err)
	}
	if err := rt.Close(t.Context()); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

func TestHeadersReadsTwoSetsTwoDeletesOne(t *testing.T) {
	p := load(t, nil, "headers", "")
	x := request("GET /", "Authorization: Bearer acme.4711", "User-Agent: curl/8.5", "x-debug: 1", "Accept: */*")
	x.Begin(abi.Pre, time.Time{})
	if v, err := p.Call(x); v != abi.Continue || err != nil {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	want := []string{
		"Authorization: Bearer acme.4711", "User-Agent: curl/8.5", "Accept: */*",
		"X-Tenant: acme", "X-Agent: curl/8.5",
	}
	if diff := cmp.Diff(want, lines(x.Request.Header)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// load returns a built-in step over a store.
func load(t testing.TB, s builtin.Store, entry, config string) abi.Plugin {
	t.Helper()
	p, err := builtin.New(builtin.Config{Store: s, Dialects: dialects}).Load(t.Context(), abi.Spec{
		Name: "p", Entry: entry, Config: []byte(config),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

// request returns an exchange for a start line and header lines.
func request(start string, header ...string) *abi.Exchange {
	x := &abi.Exchange{RequestID: []byte("r1"), API: &abi.API{ID: "orders", Name: "orders", ListenPath: "/orders/"}}
	method, uri, _ := strings.Cut(start, " ")
	x.Request.Method, x.Request.URI = []byte(method), []byte(uri)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte(name), Value: []byte(value)})
	}
	return x
}

func lines(h abi.Header) []string {
	var out []string
	for _, f := range h {
		out = append(out, string(f.Name)+": "+string(f.Value))
	}
	return out
}
