//go:build !race

package builtin_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func TestStepsDoNotAllocate(t *testing.T) {
	limit := &abi.Session{KeyID: "k1", Rate: 1e9, Per: 60}
	full := &abi.Session{KeyID: "k2", Rate: 1, Per: 3600}
	for _, tt := range []struct {
		name, entry, config, uri, line string
		hook                           abi.Hook
		session                        *abi.Session
	}{
		{"key in a header", "key-auth", "", "/", "Authorization: Bearer s3cret", abi.Auth, nil},
		{"key in the query", "key-auth", `{"query": "key"}`, "/?key=s3cret", "A: b", abi.Auth, nil},
		{"key in a cookie", "key-auth", `{"cookie": "key"}`, "/", "Cookie: a=b; key=s3cret", abi.Auth, nil},
		{"key stripped", "key-auth", `{"strip": true}`, "/", "Authorization: s3cret", abi.Auth, nil},
		{"no key", "key-auth", "", "/", "A: b", abi.Auth, nil},
		{"rate", "rate-limit", "", "/", "A: b", abi.RateLimit, limit},
		{"above the rate", "rate-limit", "", "/", "A: b", abi.RateLimit, full},
		{"quota", "rate-limit", "", "/", "A: b", abi.RateLimit, &abi.Session{KeyID: "k3", QuotaMax: 1 << 40}},
		{"above the quota, for tyk", "rate-limit", `{"reply": "tyk"}`, "/", "A: b", abi.RateLimit, &abi.Session{KeyID: "k4", QuotaMax: 1}},
		{"unknown key, for tyk", "key-auth", `{"reply": "tyk"}`, "/", "Authorization: guess", abi.Auth, nil},
		{"second key", "key-auth", "", "/", "Authorization: s3cret", abi.PostKeyAuth, limit},
		{"access", "access", `{"version": "v1"}`, "/", "A: b", abi.PostKeyAuth, &abi.Session{AccessRights: map[string]abi.Access{"orders": {Versions: []string{"v1"}}}}},
		{"no access", "access", "", "/", "A: b", abi.PostKeyAuth, &abi.Session{AccessRights: map[string]abi.Access{"other": {}}}},
		{"paths", "paths", `{"block": [{"path": "^/admin"}], "allow": [{"path": "^/items/([^/]+)$"}]}`, "/orders/items/7", "A: b", abi.Pre, nil},
		{"blocked path", "paths", `{"block": [{"path": "^/admin"}]}`, "/orders/admin", "A: b", abi.Pre, nil},
		{"size", "size-limit", `{"max": 10}`, "/", "Content-Length: 7", abi.Pre, nil},
		{"version", "version", `{"location": "path", "versions": {"v1": "orders@v1"}}`, "/orders/v1/x", "A: b", abi.Pre, nil},
		{"transform", "transform", `{"remove": ["A"], "set": {"X": "$meta.plan $context.path $context.headers_a"}}`, "/orders/x", "A: b", abi.Post, &abi.Session{Metadata: map[string]any{"plan": "gold"}}},
		{"headers", "headers", "", "/", "Authorization: Bearer acme.4711", abi.Pre, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := load(t, keys(t), tt.entry, tt.config)
			from := request("GET "+tt.uri, tt.line)
			x := new(abi.Exchange)
			n := testing.AllocsPerRun(100, func() {
				x.Reset()
				x.API = from.API
				x.Request.URI = from.Request.URI
				x.Request.Header = append(x.Request.Header, from.Request.Header...)
				x.Session = tt.session
				x.Begin(tt.hook, time.Time{})
				v, err := p.Call(x)
				if err != nil {
					t.Fatal(err)
				}
				x.Commit(v)
			})
			if n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}

func BenchmarkHeaders(b *testing.B) {
	p := load(b, store.NewMemory(), "headers", "")
	from := request("GET /", "Accept: */*", "Authorization: Bearer acme.4711", "User-Agent: curl/8.5", "X-Debug: 1")
	x := new(abi.Exchange)
	b.ReportAllocs()
	for b.Loop() {
		x.Reset()
		x.Request.Header = append(x.Request.Header, from.Request.Header...)
		x.Begin(abi.Pre, time.Time{})
		v, _ := p.Call(x)
		x.Commit(v)
	}
}
