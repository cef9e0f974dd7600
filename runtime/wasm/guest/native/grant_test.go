package native

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
	"github.com/c386954a/sallyport/store"
)

// fakeKV is a store in memory that can be made to fail.
type fakeKV struct {
	*store.Memory
	fail func(deadline time.Time) error // nil for a store that works
}

func newKV() *fakeKV { return &fakeKV{Memory: store.NewMemory()} }

// hangs waits until the deadline, as a store without an answer does.
func hangs(deadline time.Time) error {
	<-time.After(time.Until(deadline))
	return store.ErrUnavailable
}

func (kv *fakeKV) Get(deadline time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error) {
	if kv.fail != nil {
		return nil, time.Time{}, false, kv.fail(deadline)
	}
	return kv.Memory.Get(deadline, key)
}

func (kv *fakeKV) Set(deadline time.Time, key, value []byte, ttl time.Duration) error {
	if kv.fail != nil {
		return kv.fail(deadline)
	}
	return kv.Memory.Set(deadline, key, value, ttl)
}

// fakeHTTP answers every request, unless told otherwise.
type fakeHTTP struct {
	do     func(ctx context.Context, q *outbound.HTTPRequest) (*outbound.HTTPResponse, error)
	closed int
}

func (h *fakeHTTP) Do(ctx context.Context, q *outbound.HTTPRequest) (*outbound.HTTPResponse, error) {
	if h.do != nil {
		return h.do(ctx, q)
	}
	return &outbound.HTTPResponse{Status: 204, Header: fields("A", "1"), Body: []byte("body")}, nil
}

func (h *fakeHTTP) Close() { h.closed++ }

func environment(name string) (string, bool) {
	if name == "HOME" {
		return "/home", true
	}
	return "", false
}

// listOf writes a list as a guest does.
func listOf(pairs abi.Header) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(2*len(pairs)))
	for _, p := range pairs {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Value)))
	}
	for _, p := range pairs {
		b = append(append(b, p.Name...), p.Value...)
	}
	return string(b)
}

func TestGrantsThatMakeNoSenseAreRefused(t *testing.T) {
	full := Config{KV: newKV(), HTTP: &fakeHTTP{}, Env: environment}
	for _, c := range []struct {
		name   string
		grants abi.Grants
		config Config
		want   string
	}{
		{"empty key", abi.Grants{KV: []string{""}}, full, `allow: kv: ""`},
		{"star in the middle", abi.Grants{KV: []string{"a*b"}}, full, `allow: kv: "a*b"`},
		{"two stars", abi.Grants{KV: []string{"a**"}}, full, `allow: kv: "a**"`},
		{"key too long", abi.Grants{KV: []string{strings.Repeat("k", 257)}}, full, "allow: kv: "},
		{"pattern of names", abi.Grants{Env: []string{"APP_*"}}, full, `allow: env: "APP_*"`},
		{"no store", abi.Grants{KV: []string{"a"}}, Config{}, "there is no store"},
		{"no client", abi.Grants{HTTP: []string{"a"}}, Config{}, "there is no HTTP client"},
		{"no environment", abi.Grants{Env: []string{"A"}}, Config{}, "there is no environment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewHost(abi.Spec{Grants: c.grants}, c.config); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewHost() = %v, want %q", err, c.want)
			}
		})
	}
}

func TestEnvironmentValuesAreThoseThatWereNamed(t *testing.T) {
	g, _ := newGuest(t, abi.Spec{Grants: abi.Grants{Env: []string{"HOME", "UNSET"}}}, abi.Pre)
	for name, want := range map[string]string{"HOME": "/home", "UNSET": "(not found)", "PATH": "(denied)", "": "(denied)"} {
		if got := g.read("env_get", name); got != want {
			t.Errorf("env_get(%q) = %q, want %q", name, got, want)
		}
	}
	g.call.End()
	if got := g.read("env_get", "HOME"); got != "/home" {
		t.Errorf("env_get() during initialisation = %q, want /home", got)
	}
}

func TestTheLineOfConfigurationKeepsWhatIsGranted(t *testing.T) {
	s := abi.Spec{Name: "p", Grants: abi.Grants{HTTP: []string{"https://a/*"}}}
	for g, want := range map[grant]string{
		grantKV:   `allow: { kv: ["PREFIX:*"], http: ["https://a/*"] }`,
		grantHTTP: ``,
		grantEnv:  `allow: { http: ["https://a/*"], env: ["NAME"] }`,
	} {
		err := checkGrant(g, s)
		if (err == nil) != (want == "") || (err != nil && !strings.HasSuffix(err.Error(), "under plugin p would grant it: "+want)) {
			t.Errorf("checkGrant(%s) = %v, want %s", g, err, want)
		}
	}
}

func TestTheHostClosesItsClient(t *testing.T) {
	client := new(fakeHTTP)
	host, err := NewHost(abi.Spec{}, Config{HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	host.Close()
	if client.closed != 1 {
		t.Errorf("the client was closed %d times, want once", client.closed)
	}
}

var errDown = errors.New("connection refused")
