package main

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const keyFile = `[
	{"key": "gold", "session": {"key_id": "k1", "meta_data": {"plan": "gold"}, "access_rights": {"orders": {"versions": ["v1", "v2"]}}}},
	{"key": "old", "session": {"key_id": "k2", "access_rights": {"orders": {"versions": ["v1"]}}}},
	{"key": "late", "session": {"key_id": "k3", "expires": 1}},
	{"key": "once", "session": {"key_id": "k4", "quota_max": 1}}
]`

const versioned = `version: 1
listen: "127.0.0.1:0"
store: { keys: keys.json }
plugins:
  pick:
    runtime: builtin
    entry: version
    config: { location: header, key: X-Version, default: v1, versions: { v1: orders@v1, v2: orders@v2 } }
  key: { runtime: builtin, entry: key-auth, config: { expiry: later } }
  may-v1: { runtime: builtin, entry: access, config: { version: v1 } }
  may-v2: { runtime: builtin, entry: access, config: { version: v2 } }
  limit: { runtime: builtin, entry: rate-limit }
  mark-v1: { runtime: builtin, entry: transform, config: { set: { X-Served: "one $meta.plan" } } }
  mark-v2: { runtime: builtin, entry: transform, config: { set: { X-Served: two } } }
apis:
  - name: orders
    compat: tyk
    match: { path: /orders/, strip: true }
    hooks: { pre: pick }
  - name: orders@v1
    id: orders
    internal: true
    compat: tyk
    exempt: [{ path: ^/health$, method: GET }]
    match: { path: /orders/, strip: true }
    upstream: { url: "UPSTREAM/v1?base=1" }
    hooks: { auth: key, post_key_auth: [may-v1], rate_limit: limit, post: [mark-v1] }
  - name: orders@v2
    id: orders
    internal: true
    compat: tyk
    match: { path: /orders/, strip: true }
    upstream: { url: "UPSTREAM/v2" }
    hooks: { auth: key, post_key_auth: [may-v2], rate_limit: limit, post: [mark-v2] }
`

// tykError is how an API written for Tyk says no.
func tykError(text string) string { return "{\n    \"error\": \"" + text + "\"\n}" }

// serveEcho is serve with an upstream that answers with method, target and
// X-Served.
func serveEcho(t *testing.T, text string, files ...string) *site {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, r.Header.Get("X-Served"))
	}))
	t.Cleanup(upstream.Close)
	return serve(t, strings.ReplaceAll(text, "UPSTREAM", upstream.URL), files...)
}

func TestVersionsOfAnAPIAreServedByInternalOnes(t *testing.T) {
	s := serveEcho(t, versioned, "keys.json", keyFile)
	for _, tt := range []struct {
		name, path string
		header     []string
		status     int
		want       string
	}{
		{"default version", "/orders/x?a=1", []string{"Authorization", "gold"}, 200, "GET /v1/x?base=1&a=1 one gold"},
		{"second version", "/orders/x", []string{"Authorization", "gold", "X-Version", "v2"}, 200, "GET /v2/x two"},
		{"the query is the client's", "/orders/x?method=DELETE&loop_limit=1", []string{"Authorization", "gold", "X-Version", "v2"}, 200, "GET /v2/x?method=DELETE&loop_limit=1 two"},
		{"key without the version", "/orders/x", []string{"Authorization", "old", "X-Version", "v2"}, 403, tykError("Access to this API has been disallowed")},
		{"no such version", "/orders/x", []string{"Authorization", "gold", "X-Version", "v3"}, 403, tykError("This API version does not seem to exist")},
		{"no key", "/orders/x", nil, 401, tykError("Authorization field missing")},
		{"expired key", "/orders/x", []string{"Authorization", "late"}, 401, tykError("Key has expired, please renew")},
		{"exempt", "/orders/health", nil, 200, "GET /v1/health?base=1 one"},
		{"exempt for one method and path only", "/orders/health/x", nil, 401, tykError("Authorization field missing")},
		{"not exempt in the other version", "/orders/health", []string{"X-Version", "v2"}, 401, tykError("Authorization field missing")},
		{"quota", "/orders/x", []string{"Authorization", "once"}, 200, "GET /v1/x?base=1 one"},
		{"quota used up, in whatever version", "/orders/x", []string{"Authorization", "once", "X-Version", "v2"}, 403, tykError("Quota exceeded")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := s.get(t, tt.path, tt.header...)
			if status != tt.status || strings.TrimSpace(body) != tt.want {
				t.Errorf("got %d %q, want %d %q", status, body, tt.status, tt.want)
			}
		})
	}
}

func TestInternalAPIIsNotReachedFromOutside(t *testing.T) {
	s := serveEcho(t, `version: 1
listen: "127.0.0.1:0"
apis:
  - { name: hidden, internal: true, match: { path: /hidden/ }, upstream: { url: UPSTREAM } }
`)
	if status, body := s.get(t, "/hidden/x"); status != http.StatusNotFound {
		t.Errorf("got %d %s, want 404", status, body)
	}
}

func TestVersionThatIsNotThereIsAMistake(t *testing.T) {
	text := strings.ReplaceAll(versioned, "v2: orders@v2", "v2: orders@v3")
	_, stderr, code := validateText(t, text, "keys.json", keyFile)
	want := `sallyport.yaml:5:3: plugin pick: a version is api "orders@v3", which is not defined. define it under ` + "`apis`, with `internal: true`"
	if code != exitConfig || !strings.Contains(stderr, want) {
		t.Errorf("validate ended with %d and said\n%s\nwant\n%s", code, stderr, want)
	}
}

// validateText runs validate on a configuration.
func validateText(t *testing.T, text string, files ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Chdir(t.TempDir())
	files = append(files, "sallyport.yaml", strings.ReplaceAll(text, "UPSTREAM", "http://127.0.0.1:9"))
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(files[i], []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return execute(t.Context(), newProgram(), "validate", "-c", "sallyport.yaml")
}

const lenient = `version: 1
listen: "127.0.0.1:0"
plugins:
  missing: { runtime: jsvm, source: missing.js, entry: missing, on_load_error: fault }
  broken: { runtime: jsvm, source: broken.js, entry: broken, on_load_error: fault }
  answers: { runtime: jsvm, source: missing.js, entry: answers, on_load_error: fault, on_fault: open }
apis:
  - { name: a, compat: tyk, match: { path: /a/ }, upstream: { url: UPSTREAM }, hooks: { pre: [missing] } }
  - { name: b, match: { path: /b/ }, upstream: { url: UPSTREAM }, hooks: { response: [broken] } }
  - { name: c, match: { path: /c/ }, upstream: { url: UPSTREAM }, hooks: { virtual: [{ pattern: ^/v, plugin: answers }] } }
  - { name: d, match: { path: /d/ }, upstream: { url: UPSTREAM } }
`

func TestPluginThatMayBeBrokenFaultsInsteadOfTheStart(t *testing.T) {
	s := serveEcho(t, lenient, "broken.js", "var broken = ;")
	for path, want := range map[string]int{"/a/x": 500, "/b/x": 500, "/c/v": 200, "/c/x": 200, "/d/x": 200} {
		if status, body := s.get(t, path); status != want {
			t.Errorf("%s got %d %s, want %d", path, status, body, want)
		}
	}
	if _, body := s.get(t, "/a/x"); body != tykError("Internal Server Error") {
		t.Errorf("body = %s", body)
	}
	for _, want := range []string{`"plugin":"missing"`, `"plugin":"broken"`, "plugin not loaded; its calls are faults", "broken.js:1:14", `"kind":"refused"`} {
		if !strings.Contains(s.logs.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, s.logs)
		}
	}
	s.write(t, "broken.js", `var broken = new TykJS.TykMiddleware.NewMiddleware({});
broken.NewProcessResponse(function (response, request, session) { return broken.ReturnResponseData(response, {}); });`)
	if err := reload(t.Context(), s.gateway, s.config(t)); err != nil {
		t.Fatal(err)
	}
	if status, body := s.get(t, "/b/x"); status != 200 {
		t.Errorf("after it was corrected: %d %s", status, body)
	}
}

func TestStatusShowsWhatIsNotLoaded(t *testing.T) {
	s := serveEcho(t, lenient, "broken.js", "var broken = ;")
	status := s.gateway.Status()
	text, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"load_error":"not loaded: `); n != 3 {
		t.Errorf("%d plugins with a load error, want 3:\n%s", n, text)
	}
}

func TestValidateWarnsOfWhatIsNotLoaded(t *testing.T) {
	stdout, stderr, code := validateText(t, lenient, "broken.js", "var broken = ;")
	if code != 0 || !strings.Contains(stdout, "sallyport.yaml: ok: 3 plugins, 4 apis") {
		t.Errorf("validate ended with %d and said %s%s", code, stdout, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "sallyport.yaml:4:37: warning: plugin missing is not loaded: ") ||
		!strings.HasPrefix(lines[1], "sallyport.yaml:5:36: warning: plugin broken is not loaded: ") || !strings.HasSuffix(lines[1], ". its calls are faults until it loads") {
		t.Errorf("stderr = %s", stderr)
	}
}

func TestScriptOfSeveralFilesRunsInOrder(t *testing.T) {
	s := serveEcho(t, `version: 1
listen: "127.0.0.1:0"
plugins:
  js: { runtime: jsvm, source: [count.js, entry.js, count.js], preload: first.js, entry: js }
apis:
  - { name: a, match: { path: /a/ }, upstream: { url: UPSTREAM }, hooks: { pre: [js] } }
`,
		"first.js", `var order = "first " + typeof log;`,
		"count.js", `order += " count"; var n = (n || 0) + 1;`,
		"entry.js", `var js = new TykJS.TykMiddleware.NewMiddleware({});
js.NewProcessRequest(function (request, session) { request.SetHeaders["X-Served"] = order + " " + n; return js.ReturnData(request, {}); });`)
	if _, body := s.get(t, "/a/x"); body != "GET /a/x first undefined count count 2" {
		t.Errorf("body = %s", body)
	}
}

const twoChecks = `version: 1
listen: "127.0.0.1:0"
store: { keys: keys.json, hash_keys: HASH }
plugins:
  script: { runtime: jsvm, source: auth.js, entry: script }
  key: { runtime: builtin, entry: key-auth, config: { header: X-Key, session: SESSION } }
  mark: { runtime: builtin, entry: transform, config: { set: { X-Served: "$meta.plan" } } }
  note: { runtime: jsvm, source: note.js, entry: note, config: { require_session: true } }
apis:
  - name: a
    compat: tyk
    exempt: [{ path: ^/open }]
    match: { path: /a/ }
    upstream: { url: UPSTREAM }
    hooks: { auth: script, post_key_auth: [key], post: [mark, note] }
`

const authScript = `var script = new TykJS.TykMiddleware.NewMiddleware({});
script.NewProcessRequest(function (request, session) {
  if (request.Headers["X-User"] === undefined) {
    request.ReturnOverrides.ResponseCode = 401;
    request.ReturnOverrides.ResponseError = "who are you";
    return script.ReturnAuthData(request, {});
  }
  return { Request: request, Session: { meta_data: { plan: "script" } }, SessionMeta: {}, AuthValue: request.Headers["X-User"][0] };
});`

const noteScript = `var note = new TykJS.TykMiddleware.NewMiddleware({});
note.NewProcessRequest(function (request, session) {
  var m = session.meta_data;
  m.plan = m.plan + "+";
  return note.ReturnData(request, m);
});`

func TestTwoChecksShareOneSession(t *testing.T) {
	for _, hash := range []string{"false", "true"} {
		for session, want := range map[string]string{"use": "gold", "keep": "script"} {
			t.Run(session+" "+hash, func(t *testing.T) {
				s := serveEcho(t, strings.NewReplacer("SESSION", session, "HASH", hash).Replace(twoChecks),
					"keys.json", keyFile, "auth.js", authScript, "note.js", noteScript)
				if status, body := s.get(t, "/a/x", "X-Key", "gold"); status != 401 || body != tykError("who are you") {
					t.Errorf("without the script's consent: %d %s", status, body)
				}
				if status, body := s.get(t, "/a/x", "X-User", "ann", "X-Key", "guess"); status != 403 {
					t.Errorf("without a key: %d %s", status, body)
				}
				status, body := s.get(t, "/a/x", "X-User", "ann", "X-Key", "gold")
				if status != 200 || !strings.HasSuffix(body, " "+want) {
					t.Errorf("with both: %d %q, want the metadata %s", status, body, want)
				}
				checkStored(t, s, "ann", session == "keep", "script+")
				checkStored(t, s, "gold", true, map[bool]string{true: "gold+", false: "gold"}[session == "use"])
			})
		}
	}
}

// checkStored looks at the session of a key: what became of its metadata.
func checkStored(t *testing.T, s *site, key string, stored bool, plan string) {
	t.Helper()
	got, err := s.store.Session(time.Time{}, []byte(key))
	if err != nil || (got != nil) != stored {
		t.Fatalf("session of %s = %+v, %v, want stored %v", key, got, err, stored)
	}
	if stored && got.Metadata["plan"] != plan {
		t.Errorf("metadata of %s = %v, want plan %s", key, got.Metadata, plan)
	}
}

func TestScriptsOfTykCheckExemptPathsToo(t *testing.T) {
	s := serveEcho(t, strings.NewReplacer("SESSION", "keep", "HASH", "false").Replace(twoChecks),
		"keys.json", keyFile, "auth.js", authScript, "note.js", noteScript)
	if status, body := s.get(t, "/a/open"); status != 401 {
		t.Errorf("script: %d %s, want 401", status, body)
	}
	if status, body := s.get(t, "/a/open", "X-User", "ann"); status != 200 {
		t.Errorf("key: %d %s, want 200 without one", status, body)
	}
}

func TestProcessIsNotAskedAboutAnIdentityThatIsStored(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(t.TempDir(), "notes")
	s := serveEcho(t, fmt.Sprintf(`version: 1
listen: "127.0.0.1:0"
coproc: { command: [%q], env: { %s: %q }, sandbox: { enabled: false } }
plugins:
  who: { runtime: coproc, entry: who, timeout: 10s, id_extractor: { from: header, name: X-Token, with: regex, regex: "[a-z]+", match: 1 } }
  mark: { runtime: builtin, entry: transform, config: { set: { X-Served: "$meta.plan" } } }
apis:
  - { name: a, org_id: acme, compat: tyk, match: { path: / }, upstream: { url: UPSTREAM }, hooks: { auth: who, post: mark } }
`, program, childMode, notes))
	asked := func(want int64) {
		t.Helper()
		info, err := os.Stat(notes)
		if err == nil && info.Size() == want || err != nil && want == 0 {
			return
		}
		t.Errorf("the process was asked another number of times than %d: %v", want, info)
	}
	if status, body := s.get(t, "/x"); status != 400 || body != tykError("Authorization field missing") {
		t.Errorf("without an identity: %d %s", status, body)
	}
	asked(0)
	for i := range 2 {
		if status, body := s.get(t, "/x", "X-Token", "id ann"); status != 200 || body != "GET /x asked" {
			t.Errorf("request %d: %d %s", i+1, status, body)
		}
	}
	asked(2)
	sum := md5.Sum([]byte("ann"))
	key := "acme" + hex.EncodeToString(sum[:])
	stored, err := s.store.Session(time.Time{}, []byte(key))
	if err != nil || stored == nil || stored.KeyID != key {
		t.Fatalf("stored session = %+v, %v", stored, err)
	}
	until := *stored
	until.ExtractorDeadline = time.Now().Add(time.Hour).Unix()
	until.Metadata = map[string]any{"plan": "stored"}
	if err := s.store.PutSession(time.Time{}, []byte(key), &until); err != nil {
		t.Fatal(err)
	}
	if status, body := s.get(t, "/x", "X-Token", "id ann"); status != 200 || body != "GET /x stored" {
		t.Errorf("from the store: %d %s", status, body)
	}
	asked(2)
}

func TestSubscribersAreToldOfWhatTheyAskedFor(t *testing.T) {
	s := serveEcho(t, `version: 1
listen: "127.0.0.1:0"
store: { keys: keys.json }
plugins:
  key: { runtime: builtin, entry: key-auth }
  guard: { runtime: builtin, entry: paths, config: { block: [{ path: ^/admin }] } }
  failures: { runtime: jsvm, source: failures.js, entry: failures, timeout: 5s }
  all: { runtime: jsvm, source: all.js, entry: all, timeout: 5s }
apis:
  - name: a
    compat: tyk
    match: { path: /a/ }
    upstream: { url: UPSTREAM }
    hooks: { pre: guard, auth: key, event: [all, { plugin: failures, on: [AuthFailure] }] }
`, "keys.json", keyFile,
		"failures.js", `var failures = new TykJS.TykEventHandlers.NewEventHandler({});
failures.NewHandler(function (event) { log("failures: " + event.Type + " " + event.Meta.Key); });`,
		"all.js", `var all = new TykJS.TykEventHandlers.NewEventHandler({});
all.NewHandler(function (event) { log("all: " + event.Type + " " + event.Meta.Message); });`)
	s.get(t, "/a/admin")
	s.get(t, "/a/x", "Authorization", "late")
	s.get(t, "/a/x", "Authorization", "guess")
	await(t, "the last event is told", func() bool { return strings.Contains(s.logs.String(), "failures: AuthFailure guess") })
	for _, want := range []string{"all: VersionFailure Attempted access to disallowed", "all: KeyExpired Attempted access from expired key.", "all: AuthFailure Auth Failure"} {
		if !strings.Contains(s.logs.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, s.logs)
		}
	}
	if strings.Contains(s.logs.String(), "failures: VersionFailure") || strings.Contains(s.logs.String(), "failures: KeyExpired") {
		t.Errorf("a subscriber was told of other events:\n%s", s.logs)
	}
}

// What the document shows of steps that come with the gateway can be loaded,
// not only read.
func TestBuiltInStepsOfTheDocumentLoad(t *testing.T) {
	doc, err := os.ReadFile("../../docs/CONFIGURATION.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range strings.Split(string(doc), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if !strings.Contains(text, "runtime: builtin") || strings.Contains(text, "source:") || strings.Contains(text, "coproc:") {
			continue
		}
		found++
		if _, stderr, code := validateText(t, text, "keys.json", keyFile); code != 0 {
			t.Errorf("%s\nin\n%s", stderr, text)
		}
	}
	if found == 0 {
		t.Error("the document has no example of a built-in step")
	}
}
