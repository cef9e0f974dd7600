package builtin_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"iter"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

// checker is an auth plugin that lets everyone in and counts its calls.
type checker struct {
	calls int
	fail  error
}

func (*checker) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.Auth, abi.Post)}
}

func (c *checker) Call(x *abi.Exchange) (abi.Verdict, error) {
	c.calls++
	if c.fail != nil || x.Hook != abi.Auth {
		return abi.Continue, c.fail
	}
	return abi.Continue, x.SetSession(&abi.Session{KeyID: "of the plugin", Alias: "ann"})
}

func (*checker) Close(context.Context) error { return nil }

// keyOf is the key under which Tyk stores the session of an identity.
func keyOf(org, id string) string {
	sum := md5.Sum([]byte(id))
	return org + hex.EncodeToString(sum[:])
}

func TestIdentityIsFound(t *testing.T) {
	word := regexp.MustCompile(`[a-z]+`)
	const document = `<?xml version="1.0"?><users><user id="7"><name>ann</name></user><user><name>b<i>o</i>b</name></user></users>`
	for _, tt := range []struct {
		name, start string
		header      []string
		body        string
		cfg         builtin.Extractor
		want        string // empty: the request is turned away
	}{
		{"header", "GET /", []string{"X-Id: ann"}, "", builtin.Extractor{Name: "x-id"}, "ann"},
		{"no header", "GET /", nil, "", builtin.Extractor{Name: "x-id"}, ""},
		{"empty header", "GET /", []string{"X-Id: "}, "", builtin.Extractor{Name: "x-id"}, ""},
		{"query", "GET /?a=b&id=a%6en", nil, "", builtin.Extractor{From: builtin.FromQuery, Name: "id"}, "ann"},
		{"no query", "GET /", nil, "", builtin.Extractor{From: builtin.FromQuery, Name: "id"}, ""},
		{"form", "POST /", []string{"Content-Type: application/x-www-form-urlencoded; charset=utf-8"}, "a=b&id=ann", builtin.Extractor{From: builtin.FromForm, Name: "id"}, "ann"},
		{"form and query", "POST /?id=e", []string{"Content-Type: application/x-www-form-urlencoded"}, "id=ann", builtin.Extractor{From: builtin.FromForm, Name: "id"}, "anne"},
		{"no form", "POST /", []string{"Content-Type: application/json"}, "id=ann", builtin.Extractor{From: builtin.FromForm, Name: "id"}, ""},
		{"body", "POST /", nil, "ann", builtin.Extractor{From: builtin.FromBody}, "ann"},
		{"no body", "POST /", nil, "", builtin.Extractor{From: builtin.FromBody}, ""},
		{"first match", "GET /", []string{"X-Id: 12 ann bob"}, "", builtin.Extractor{Name: "x-id", Regexp: word}, "ann"},
		{"second match", "GET /", []string{"X-Id: 12 ann bob"}, "", builtin.Extractor{Name: "x-id", Regexp: word, Match: 1}, "bob"},
		{"no third match", "GET /", []string{"X-Id: 12 ann bob"}, "", builtin.Extractor{Name: "x-id", Regexp: word, Match: 2}, ""},
		{"empty match", "GET /", []string{"X-Id: 12"}, "", builtin.Extractor{Name: "x-id", Regexp: regexp.MustCompile("[a-z]*")}, ""},
		{"xpath", "POST /", nil, document, builtin.Extractor{From: builtin.FromBody, XPath: "/users/user/name"}, "ann"},
		{"xpath with a position", "POST /", nil, document, builtin.Extractor{From: builtin.FromBody, XPath: "/users/user[2]/name/text()"}, "bob"},
		{"xpath anywhere", "POST /", nil, document, builtin.Extractor{From: builtin.FromBody, XPath: "//name"}, "ann"},
		{"xpath attribute", "POST /", nil, document, builtin.Extractor{From: builtin.FromBody, XPath: "//user/@id"}, "7"},
		{"xpath any name", "POST /", nil, document, builtin.Extractor{From: builtin.FromBody, XPath: "users/*/*"}, "ann"},
		{"xpath of nothing", "POST /", nil, document, builtin.Extractor{From: builtin.FromBody, XPath: "//nobody"}, ""},
		{"xpath of no document", "POST /", nil, "ann", builtin.Extractor{From: builtin.FromBody, XPath: "//name"}, ""},
		{"xpath of half a document", "POST /", nil, "<a><name>ann</name>", builtin.Extractor{From: builtin.FromBody, XPath: "//name"}, ""},
		{"xpath of a deep document", "POST /", nil, strings.Repeat("<a>", 1000) + "x" + strings.Repeat("</a>", 1000), builtin.Extractor{From: builtin.FromBody, XPath: "//a"}, ""},
		{"xpath of a wide document", "POST /", nil, "<a>" + strings.Repeat("<b/>", 100_001) + "</a>", builtin.Extractor{From: builtin.FromBody, XPath: "//a"}, ""},
		{"xpath of entities", "POST /", nil, `<!DOCTYPE a [<!ENTITY b "ann">]><a>&b;</a>`, builtin.Extractor{From: builtin.FromBody, XPath: "//a"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := store.NewMemory()
			tt.cfg.Sessions = m
			inner := &checker{}
			p, err := builtin.Extract(inner, tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			x := request(tt.start, tt.header...)
			x.API, x.Request.Body = &abi.API{OrgID: "acme"}, []byte(tt.body)
			got := call(t, p, abi.Auth, x)
			if tt.want == "" {
				want := outcome{Verdict: abi.Respond, Status: 400, Body: `{"error":"Authorization field missing","request_id":"r1"}`}
				if diff := cmp.Diff(want, got); diff != "" || inner.calls != 0 {
					t.Errorf("%d calls and (-want +got):\n%s", inner.calls, diff)
				}
				return
			}
			if got.Verdict != abi.Continue || x.Session.KeyID != keyOf("acme", tt.want) || x.Session.Alias != "ann" {
				t.Errorf("%+v with %+v, want key id of %s", got, x.Session, tt.want)
			}
		})
	}
}

func TestStoredIdentityAnswersUntilItsDeadline(t *testing.T) {
	m := store.NewMemory()
	key := []byte(keyOf("acme", "ann"))
	inner := &checker{}
	p, err := builtin.Extract(inner, builtin.Extractor{Sessions: m, Name: "X-Id"})
	if err != nil {
		t.Fatal(err)
	}
	for deadline, want := range map[int64]int{time.Now().Unix() + 60: 0, time.Now().Unix() - 1: 1, 0: 1} {
		inner.calls = 0
		_ = m.PutSession(time.Time{}, key, &abi.Session{KeyID: "stored", ExtractorDeadline: deadline})
		x := request("GET /", "X-Id: ann")
		x.API = &abi.API{OrgID: "acme"}
		got := call(t, p, abi.Auth, x)
		if got.Verdict != abi.Continue || inner.calls != want || (x.Session.KeyID == "stored") != (want == 0) || x.Unsaved() != (want == 1) {
			t.Errorf("deadline %d: %+v, %d calls, session %s, unsaved %v", deadline, got, inner.calls, x.Session.KeyID, x.Unsaved())
		}
	}
}

func TestExtractorLeavesTheRestToThePlugin(t *testing.T) {
	inner := &checker{}
	p, _ := builtin.Extract(inner, builtin.Extractor{Sessions: store.NewMemory(), From: builtin.FromForm, Name: "id"})
	if d := p.Declares(); d.Hooks != inner.Declares().Hooks || d.RequestBody != abi.SetOf(abi.Auth) {
		t.Errorf("Declares() = %+v, want the body in auth", d)
	}
	if got := call(t, p, abi.Post, request("GET /")); got.Verdict != abi.Continue || inner.calls != 1 {
		t.Errorf("post: %+v, %d calls", got, inner.calls)
	}
	inner.fail = abi.Errorf(abi.Gone, "died")
	x := request("GET /?id=a")
	x.Begin(abi.Auth, time.Time{})
	if _, err := p.Call(x); abi.KindOf(err) != abi.Gone {
		t.Errorf("Call() = %v, want what the plugin says", err)
	}
	down, _ := builtin.Extract(inner, builtin.Extractor{Sessions: brokenStore{}, From: builtin.FromQuery, Name: "id"})
	if _, err := down.Call(x); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Call() = %v, want unavailable", err)
	}
}

// telling is a plugin that tells how it is doing.
type telling struct{ checker }

func (*telling) Metrics() iter.Seq[abi.Metric] {
	return func(yield func(abi.Metric) bool) { yield(abi.Metric{Name: "calls"}) }
}
func (*telling) Status() abi.Status { return abi.Status{Instances: 3} }

func TestExtractorShowsWhatThePluginTells(t *testing.T) {
	p, _ := builtin.Extract(&telling{}, builtin.Extractor{Sessions: store.NewMemory(), Name: "X"})
	r, reports := p.(abi.Reporter)
	m, measures := p.(abi.Measurer)
	if !reports || !measures || r.Status().Instances != 3 {
		t.Fatalf("reports %v, measures %v", reports, measures)
	}
	for metric := range m.Metrics() {
		if metric.Name != "calls" {
			t.Errorf("metric %s", metric.Name)
		}
	}
	if p, _ := builtin.Extract(&checker{}, builtin.Extractor{Sessions: store.NewMemory(), Name: "X"}); p.Declares().RequestBody != 0 {
		t.Error("a header needs no body")
	}
}

func TestXPathThatIsNotSupportedIsRefused(t *testing.T) {
	for _, path := range []string{"/", "//", "/a/", "/a//", "@id", "/@id", "//@id", "/a/@", "/a/@id/b", "/a[0]", "/a[x]", "/a[1", "/a[last()]", "..", "/a/..", "text()", "/a/text()/b", "/a//text()", "/a|/b", "/a[@id='1']", "/ns:a"} {
		if _, err := builtin.Extract(&checker{}, builtin.Extractor{XPath: path}); abi.KindOf(err) != abi.Refused || err == nil {
			t.Errorf("%s: %v, want a refusal", path, err)
		}
	}
}

func FuzzXPath(f *testing.F) {
	f.Add("/a/b[2]/@c", "<a><b/><b c='d'>e</b></a>")
	f.Add("//b/text()", "<a><b>&lt;</b></a>")
	f.Fuzz(func(t *testing.T, path, document string) {
		p, err := builtin.Extract(&checker{}, builtin.Extractor{Sessions: store.NewMemory(), From: builtin.FromBody, XPath: path})
		if path == "" || err != nil {
			return
		}
		x := request("POST /")
		x.Request.Body = []byte(document)
		x.Begin(abi.Auth, time.Time{})
		if _, err := p.Call(x); err != nil {
			t.Errorf("Call() = %v", err)
		}
	})
}
