package js_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/store"
)

// logger returns one that writes to w, which is guarded.
func logger(w io.Writer) *zerolog.Logger {
	l := zerolog.New(zerolog.SyncWriter(w)).Level(zerolog.DebugLevel)
	return &l
}

func TestBase64(t *testing.T) {
	for expression, want := range map[string]string{
		`b64enc("teststring")`:                                       "dGVzdHN0cmluZw==",
		`b64dec("dGVzdHN0cmluZw==")`:                                 "teststring",
		`b64dec("dGVzdHN0cmluZw")`:                                   "teststring",
		`rawb64enc("teststring")`:                                    "dGVzdHN0cmluZw",
		`rawb64dec("dGVzdHN0cmluZw")`:                                "teststring",
		`typeof rawb64dec("dGVzdHN0cmluZw==")`:                       "undefined",
		`typeof b64dec("*")`:                                         "undefined",
		`b64enc(b64dec("/w=="))`:                                     "/w==",
		`b64enc(["a", "b"])`:                                         "YSxi",
		`b64enc("\u00e9")`:                                           "w6k=",
		`b64dec("")`:                                                 "",
		`typeof TykGenerateNotification + typeof require`:            "undefinedundefined",
		`b64enc(b64dec("AAE="))`:                                     "AAE=",
		`JSON.stringify([1, {b: 1, a: 2}])`:                          `[1,{"b":1,"a":2}]`,
		`[typeof setTimeout, typeof console.log, typeof _].join("")`: "undefinedfunctionfunction",
	} {
		if got := says(t, script(t, saying(expression)), wasm.Config{}); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

func TestLogLinesSayWhereTheyComeFrom(t *testing.T) {
	var out strings.Builder
	var raw strings.Builder
	s := script(t, handler(`log("foo"); rawlog({}); console.warn("a", 1); console.assert(false, "b"); console.time(); console.timeEnd(); console.trace("t");`))
	p := loadIn(t, newRuntime(t, wasm.Config{Logger: logger(&out), Raw: &raw}), s)
	if _, err := call(p, exchange(), abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"prefix":"jsvm","type":"log-msg","api_id":"a1","org_id":"o1","request_id":"r1","message":"foo"`,
		`"level":"warn"`, `"message":"a 1"`, `assertion failed: b`, `"message":"default: `, `mw.js:3:`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, out.String())
		}
	}
	if raw.String() != "[object Object]\n" {
		t.Errorf("raw = %q", raw.String())
	}
}

func TestACallThatLogsTooMuchIsCut(t *testing.T) {
	var out strings.Builder
	p := loadIn(t, newRuntime(t, wasm.Config{Logger: logger(&out)}), script(t, handler(`for (var i = 0; i < 100; i++) log("x".repeat(100000));`)))
	if _, err := call(p, exchange(), abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	if n := out.Len(); n > 512<<10 || !strings.Contains(out.String(), "logs too much") {
		t.Errorf("logged %d bytes", n)
	}
}

// fakeSessions keeps sessions in a map.
type fakeSessions struct {
	mu  sync.Mutex
	all map[string]*abi.Session
}

func (f *fakeSessions) Session(_ time.Time, key []byte) (*abi.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[string(key)], nil
}

func (f *fakeSessions) PutSession(_ time.Time, key []byte, s *abi.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[string(key)] = s
	return nil
}

func TestSessionsNeedAGrant(t *testing.T) {
	const text = `JSON.parse(TykGetKeyData("k", "a1")).alias + "/" + typeof TykSetKeyData("new", JSON.stringify({alias: "n", quota_max: 9}), 0) + "/" + JSON.parse(TykGetKeyData("none", "a1")).status`
	for _, c := range []struct {
		grants []string
		want   string
	}{
		{[]string{"sessions"}, "al/undefined/error"},
		{[]string{"*"}, "undefined/undefined/error"},
	} {
		var out strings.Builder
		sessions := &fakeSessions{all: map[string]*abi.Session{"k": {Alias: "al", OrgID: "o1"}}}
		s := script(t, saying(text))
		s.Grants.KV, s.APIs = c.grants, []*abi.API{{ID: "a1", OrgID: "o1"}}
		if got := says(t, s, wasm.Config{Logger: logger(&out), Sessions: sessions, KV: pluginKV{}, Values: store.NewMemory()}); got != c.want {
			t.Errorf("%v: said %q, want %q", c.grants, got, c.want)
		}
		if stored := sessions.all["new"]; (stored != nil) != (c.grants[0] == "sessions") || (stored != nil && stored.QuotaRemaining != 9) {
			t.Errorf("%v: stored %+v", c.grants, stored)
		}
		if refused := strings.Contains(out.String(), `would grant it: allow: { kv: [\"sessions\"] }`); refused == (c.grants[0] == "sessions") {
			t.Errorf("%v: log = %s", c.grants, out.String())
		}
	}
}

// pluginKV is here because a grant needs a store.
type pluginKV struct{}

func (pluginKV) Get(time.Time, []byte) ([]byte, time.Time, bool, error) {
	return nil, time.Time{}, false, nil
}
func (pluginKV) Set(time.Time, []byte, []byte, time.Duration) error          { return nil }
func (pluginKV) Add(time.Time, []byte, []byte, time.Duration) (bool, error)  { return false, nil }
func (pluginKV) Incr(time.Time, []byte, int64, time.Duration) (int64, error) { return 0, nil }
func (pluginKV) Del(time.Time, []byte) error                                 { return nil }

func TestStorage(t *testing.T) {
	for expression, want := range map[string]string{
		`TykStorageSet("k", "v", 60) + "/" + TykStorageGet("k") + "/" + TykStorageTTL("k")`:                        "undefined/v/60",
		`TykStorageGet("none") + "/" + TykStorageTTL("none")`:                                                      "null/-2",
		`TykStorageSet("k", "v") + "/" + TykStorageTTL("k") + "/" + TykStorageDel("k") + "/" + TykStorageGet("k")`: "undefined/-1/undefined/null",
		`TykStorageSetNX("k", "a", 1) + "/" + TykStorageSetNX("k", "b", 1) + "/" + TykStorageGet("k")`:             "true/false/a",
		`TykStorageIncr("k", 60) + TykStorageIncr("k")`:                                                            "12",
		`(function () { try { TykStorageGet("x".repeat(257)); } catch (e) { return e.message; } })()`:              "TykStorageGet: a key has 1 to 256 bytes",
		`(function () { try { TykStorageSet("k", "v", "soon"); } catch (e) { return e.message; } })()`:             `TykStorageSet: "soon" is not a time to live in whole seconds`,
		`(function () { try { TykStorageGet("other"); } catch (e) { return e.message.slice(0, 48); } })()`:         `TykStorageGet: the key "other" is not granted; a`,
	} {
		s := script(t, saying(expression))
		s.Grants.KV = []string{"k", "none", "x*"}
		if got := says(t, s, wasm.Config{Values: store.NewMemory()}); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

// upstream answers with what it was asked.
func upstream(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/moved":
		http.Redirect(w, r, "/seen?moved=1", http.StatusFound)
		return
	case "/round":
		http.Redirect(w, r, "/round", http.StatusFound)
		return
	case "/packed":
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "unpacked")
		z.Close()
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Kind", "a")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("X-In"), body)
}

func TestRequestsGoWhereTheyWereGranted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(upstream))
	defer server.Close()
	fetch := func(fields string) string {
		return `TykMakeHttpRequest(JSON.stringify({Domain: "` + server.URL + `", ` + fields + `}))`
	}
	for expression, want := range map[string]string{
		`(function (r) { return [r.Code, r.code, r.Body, r.headers["X-Kind"][0]].join("|"); })(JSON.parse(` +
			fetch(`Resource: "/a?b=1", Method: "PUT", Headers: {"x-in": "in", "Host": "other"}, Body: "text"`) + `))`: "201|201|PUT /a?b=1 in text|a",
		`JSON.parse(` + fetch(`Resource: "/f", Method: "POST", FormData: {b: "2", a: "1 1"}`) + `).Body`: "POST /f  a=1+1&b=2",
		`JSON.parse(` + fetch(`Resource: "/moved", Method: "POST", Body: "x"`) + `).Body`:                "GET /seen?moved=1  ",
		`JSON.parse(` + fetch(`Resource: "/packed"`) + `).Body`:                                          "unpacked",
		`typeof ` + fetch(`Resource: "/round"`):                                                          "undefined",
		`typeof TykMakeHttpRequest("{")`:                                                                 "undefined",
		`typeof TykMakeHttpRequest('{"Domain":"http://example.invalid","Resource":"/"}')`:                "undefined",
		`(function (r) { return r[0].code + r[0].body + "|" + r[1].code + r[1].relative_url; })(JSON.parse(TykBatchRequest(JSON.stringify({requests: [` +
			`{method: "GET", relative_url: "` + server.URL + `/1"}, {relative_url: "http://127.0.0.1:1/"}]}))))`: "201GET /1  |0",
		`typeof TykBatchRequest('{"requests":[{"relative_url":"/1"}]}')`:                               "undefined",
		`typeof TykBatchRequest('{"requests":[{"method":"A B","relative_url":"http://127.0.0.1/"}]}')`: "undefined",
	} {
		s := script(t, saying(expression))
		s.Grants.HTTP = []string{server.URL + "/*", "http://127.0.0.1:1/*"}
		if got := says(t, s, wasm.Config{}); got != strings.TrimRight(want, " ") && got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

func TestRequestsWithoutAGrantSayHowToGrantThem(t *testing.T) {
	var out strings.Builder
	s := script(t, saying(`typeof TykMakeHttpRequest("{}") + typeof TykBatchRequest("{}")`))
	if got := says(t, s, wasm.Config{Logger: logger(&out)}); got != "undefinedundefined" {
		t.Errorf("said %q", got)
	}
	if !strings.Contains(out.String(), `allow: { http: [\"https://HOST/*\"] }`) {
		t.Errorf("log = %s", out.String())
	}
}

func TestCompatRestoresWhatOttoDoes(t *testing.T) {
	for expression, want := range map[string]string{
		`JSON.stringify({b: 1, a: [{d: 1, c: null}], 10: "x", 9: "y"})`: `{"10":"x","9":"y","a":[{"c":null,"d":1}],"b":1}`,
		`JSON.stringify({b: 1, a: {}})`:                                 `{"a":{},"b":1}`,
		`JSON.stringify({b: {d: 1, c: [1, []]}, a: 1}, null, 2) === ` + "`{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1,\n      []\n    ],\n    \"d\": 1\n  }\n}`": "true",
		`JSON.stringify({b: 1, 5: [1, {}]}, null, "--") === ` + "`{\n--\"5\": [\n----1,\n----{}\n--],\n--\"b\": 1\n}`":                                                 "true",
		`JSON.stringify({b: 1, a: 2, c: 3}, ["c", "a"])`:                         `{"a":2,"c":3}`,
		`JSON.stringify({b: {toJSON: function () { return {z: 1, y: 2}; }}})`:    `{"b":{"y":2,"z":1}}`,
		`JSON.stringify(undefined) + JSON.stringify("s") + JSON.stringify(null)`: `undefined"s"null`,
		`JSON.stringify(JSON.parse('{"__proto__":1,"a":2}'))`:                    `{"__proto__":1,"a":2}`,
		`String(new Date(0))`:                                "Thu, 01 Jan 1970 00:00:00 UTC",
		`new Date(0).toLocaleString() + "|" + new Date(NaN)`: "1970-01-01 00:00:00|Invalid Date",
		`(1234567.891).toLocaleString() + " " + (-12).toLocaleString() + " " + (1e21).toLocaleString()`: "1,234,567.891 -12 1e+21",
	} {
		s := script(t, saying(expression))
		s.Config = []byte(`{"compat":"otto"}`)
		if got := says(t, s, wasm.Config{}); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

func TestASlowServerEndsWithTheDeadlineOfTheCall(t *testing.T) {
	s := script(t, handler(`TykMakeHttpRequest(JSON.stringify({Domain: "`+silent(t)+`", Resource: "/"})); return mw.ReturnData(request, {});`))
	s.Grants.HTTP = []string{"http://127.0.0.1:" + port(t, handlerText(t, s)) + "/*"}
	p := loadIn(t, newRuntime(t, wasm.Config{}), s)
	if _, err := call(p, exchange(), abi.Pre, short); abi.KindOf(err) != abi.Timeout || err == nil {
		t.Errorf("Call() = %v, want a timeout", err)
	}
}

func TestClosingAPluginEndsItsRequests(t *testing.T) {
	s := script(t, handler(`TykMakeHttpRequest(JSON.stringify({Domain: "`+silent(t)+`", Resource: "/"}));`))
	s.Grants.HTTP = []string{"http://127.0.0.1:" + port(t, handlerText(t, s)) + "/*"}
	p := loadIn(t, newRuntime(t, wasm.Config{}), s)
	done := make(chan error)
	go func() {
		_, err := call(p, exchange(), abi.Pre, long)
		done <- err
	}()
	ctx, cancel := context.WithTimeout(context.Background(), short)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("the call went on after the plugin was closed")
	}
}
