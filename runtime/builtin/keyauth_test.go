package builtin_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

func TestKeyIsFoundWhereItIsConfigured(t *testing.T) {
	const everywhere = `{"header": "X-Key", "query": "key", "cookie": "key"}`
	for _, tt := range []struct {
		name, config, start, line string
		want                      abi.Verdict
	}{
		{"bearer by default", "", "GET /", "Authorization: Bearer s3cret", abi.Continue},
		{"bare by default", "", "GET /", "authorization: s3cret", abi.Continue},
		{"other case", "", "GET /", "Authorization: bEARER s3cret", abi.Continue},
		{"other scheme", "", "GET /", "Authorization: Basic s3cret", abi.Respond},
		{"not in the query by default", "", "GET /?key=s3cret", "A: b", abi.Respond},
		{"header", everywhere, "GET /", "X-Key: s3cret", abi.Continue},
		{"not in the default header", everywhere, "GET /", "Authorization: s3cret", abi.Respond},
		{"query", everywhere, "GET /?a=b&key=s3cret&c", "A: b", abi.Continue},
		{"encoded query", everywhere, "GET /?k%65y=s%33cret", "A: b", abi.Continue},
		{"empty query first", everywhere, "GET /?key=&key=s3cret", "A: b", abi.Continue},
		{"path is no query", everywhere, "GET /key=s3cret", "A: b", abi.Respond},
		{"cookie", everywhere, "GET /", "Cookie: a=b; key=s3cret; c=d", abi.Continue},
		{"cookie of a similar name", everywhere, "GET /", "Cookie: akey=s3cret", abi.Respond},
		{"header before query", everywhere, "GET /?key=s3cret", "X-Key: wrong", abi.Respond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request(tt.start, tt.line)
			v, err := authenticate(t, load(t, keys(t), "key-auth", tt.config), x)
			if v != tt.want || err != nil {
				t.Errorf("Call() = %v, %v, want %v", v, err, tt.want)
			}
			if (x.Session != nil) != (tt.want == abi.Continue) {
				t.Errorf("session = %v after %v", x.Session, v)
			}
		})
	}
}

func TestRequestsWithoutAGoodKeyAreTurnedAway(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		status     int
		body       string
		challenge  bool
	}{
		{"absent", "A: b", 401, `{"error":"Authorization field missing","request_id":"r1"}`, true},
		{"empty", "Authorization: ", 401, `{"error":"Authorization field missing","request_id":"r1"}`, true},
		{"scheme only", "Authorization: Bearer ", 401, `{"error":"Authorization field missing","request_id":"r1"}`, true},
		{"unknown", "Authorization: wrong", 403, `{"error":"key is not known","request_id":"r1"}`, false},
		{"inactive", "Authorization: inactive", 403, `{"error":"key is not active","request_id":"r1"}`, false},
		{"expired", "Authorization: expired", 403, `{"error":"key has expired","request_id":"r1"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request("GET /", tt.line)
			if v, err := authenticate(t, load(t, keys(t), "key-auth", ""), x); v != abi.Respond || err != nil {
				t.Fatalf("Call() = %v, %v, want respond", v, err)
			}
			if x.Reply.Status != tt.status || string(x.Reply.Body) != tt.body {
				t.Errorf("reply = %d %s, want %d %s", x.Reply.Status, x.Reply.Body, tt.status, tt.body)
			}
			want := []string{"Content-Type: application/json"}
			if tt.challenge {
				want = append(want, "WWW-Authenticate: Bearer")
			}
			if diff := cmp.Diff(want, lines(x.Reply.Header)); diff != "" {
				t.Errorf("reply header (-want +got):\n%s", diff)
			}
			if x.Session != nil {
				t.Error("a session is set")
			}
		})
	}
}

func TestKeyExpiresOnTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		_ = m.PutSession(time.Time{}, []byte("s3cret"), &abi.Session{Expires: time.Now().Unix() + 10})
		p := load(t, m, "key-auth", "")
		for _, want := range []abi.Verdict{abi.Continue, abi.Respond} {
			if v, _ := authenticate(t, p, request("GET /", "Authorization: s3cret")); v != want {
				t.Errorf("Call() = %v, want %v", v, want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

func TestForeignRequestIDCannotBreakTheJSON(t *testing.T) {
	x := request("GET /")
	x.RequestID = []byte("a\"b\\c\n")
	_, _ = authenticate(t, load(t, keys(t), "key-auth", ""), x)
	if want := `{"error":"Authorization field missing","request_id":"a\"b\\c\n"}`; string(x.Reply.Body) != want {
		t.Errorf("body = %s, want %s", x.Reply.Body, want)
	}
}

func TestStrippedKeyDoesNotReachTheUpstream(t *testing.T) {
	const config = `{"header": "X-Key", "query": "key", "cookie": "key", "strip": true}`
	for _, tt := range []struct {
		name, start string
		header      []string
		wantURI     string
		want        []string
	}{
		{"header", "GET /a?b", []string{"X-Key: s3cret", "A: b", "x-key: s3cret"}, "/a?b", []string{"A: b"}},
		{"query", "GET /a%20b?x=%20&key=s3cret&k%65y=again&y", []string{"A: b"}, "/a%20b?x=%20&y", []string{"A: b"}},
		{"whole query", "GET /a?key=s3cret", nil, "/a", nil},
		{"cookie", "GET /", []string{"Cookie: a=b; key=s3cret", "A: b", "Cookie: key=x; c=d"}, "/", []string{"Cookie: a=b; c=d", "A: b"}},
		{"only cookie", "GET /", []string{"Cookie: key=s3cret"}, "/", nil},
		{"everywhere", "GET /?key=s3cret", []string{"X-Key: s3cret", "Cookie: key=s3cret"}, "/", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request(tt.start, tt.header...)
			if v, err := authenticate(t, load(t, keys(t), "key-auth", config), x); v != abi.Continue || err != nil {
				t.Fatalf("Call() = %v, %v, want continue", v, err)
			}
			if string(x.Request.URI) != tt.wantURI {
				t.Errorf("URI = %s, want %s", x.Request.URI, tt.wantURI)
			}
			if diff := cmp.Diff(tt.want, lines(x.Request.Header)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStoreThatIsDownIsUnavailable(t *testing.T) {
	down := brokenStore{Store: store.NewMemory()}
	if _, err := authenticate(t, load(t, down, "key-auth", ""), request("GET /", "Authorization: s3cret")); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("key-auth: Call() = %v, want unavailable", err)
	}
	x := request("GET /")
	x.Session = &abi.Session{KeyID: "k1", Rate: 1, Per: 1}
	x.Begin(abi.RateLimit, time.Time{})
	if _, err := load(t, down, "rate-limit", "").Call(x); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("rate-limit: Call() = %v, want unavailable", err)
	}
}

func FuzzStripLeavesNoKey(f *testing.F) {
	f.Add("/a?key=s3cret&b", "a=b; key=s3cret")
	f.Add("/?k%65y=s3cret", "key=s3cret;")
	f.Add("/?%6&key", ";;=")
	f.Fuzz(func(t *testing.T, uri, cookie string) {
		if len(uri) == 0 || uri[0] != '/' || !abi.ValidValue([]byte(uri)) || !abi.ValidValue([]byte(cookie)) {
			return // no request that the proxy would let in
		}
		const config = `{"header": "X-Key", "query": "key", "cookie": "key", "strip": true}`
		auth := load(t, anyKey{}, "key-auth", config)
		x := request("GET "+uri, "Cookie: "+cookie)
		if v, err := authenticate(t, auth, x); v != abi.Continue || err != nil {
			return // no key in it
		}
		if v, _ := authenticate(t, auth, x); v != abi.Respond {
			t.Errorf("a key is left in %s and %q", x.Request.URI, lines(x.Request.Header))
		}
	})
}

// authenticate calls p as the chain would.
func authenticate(t *testing.T, p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
	t.Helper()
	x.Session = nil
	x.Begin(abi.Auth, time.Time{})
	v, err := p.Call(x)
	if err == nil {
		x.Commit(v)
	}
	return v, err
}

// keys returns a store with a good key and some bad ones.
func keys(t *testing.T) *store.Memory {
	t.Helper()
	m := store.NewMemory()
	for key, s := range map[string]*abi.Session{
		"s3cret":   {KeyID: "k1"},
		"inactive": {KeyID: "k2", Inactive: true},
		"expired":  {KeyID: "k3", Expires: 1},
	} {
		if err := m.PutSession(time.Time{}, []byte(key), s); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

var errDown = errors.New("connection refused")

// brokenStore is a store that is down.
type brokenStore struct{ builtin.Store }

func (brokenStore) Session(time.Time, []byte) (*abi.Session, error) { return nil, errDown }

func (brokenStore) Count(time.Time, string, string, time.Duration) (int64, time.Duration, error) {
	return 0, 0, errDown
}

// anyKey is a store that knows every key.
type anyKey struct{ builtin.Store }

func (anyKey) Session(time.Time, []byte) (*abi.Session, error) { return &abi.Session{}, nil }
