package main

import (
	"archive/zip"
	"crypto/md5" //nolint:gosec // bundles are checked by it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk"
)

// tykDir is a tree that has something of everything that can be imported.
const tykDir = "testdata/tyk"

// echo is the upstream of imported trees: it answers with what it got, and
// remembers what it was told at /alarm.
type echo struct {
	*httptest.Server
	alarms chan string
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	e := &echo{alarms: make(chan string, 16)}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

// ServeHTTP answers with the request, without what differs each time.
func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.URL.Path == "/alarm" {
		e.alarms <- string(body)
		return
	}
	lines := []string{}
	for name, values := range r.Header {
		if slices.Contains([]string{"Accept-Encoding", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id", "Content-Length"}, name) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s\n", name, strings.Join(values, "|")))
	}
	slices.Sort(lines)
	w.Header().Set("X-Upstream", "echo")
	fmt.Fprintf(w, "%s %s\n%s%s\n", r.Method, r.RequestURI, strings.Join(lines, ""), body)
}

// plantTree copies the tree, with the URL of the upstream in it and its
// bundles packed.
func plantTree(t *testing.T, upstream string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tyk")
	err := filepath.WalkDir(tykDir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(tykDir, path)
		to := filepath.Join(dir, rel)
		switch {
		case err != nil:
			return err
		case filepath.Dir(rel) == "bundles":
			packBundle(t, path, to+".zip")
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, []byte(strings.ReplaceAll(string(data), "http://upstream.test", upstream)), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// packBundle makes a bundle of a folder with one script.
func packBundle(t *testing.T, dir, file string) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(dir, "hooks.js"))
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(script) //nolint:gosec // as above
	manifest, err := json.Marshal(map[string]any{
		"file_list": []string{"hooks.js"}, "checksum": hex.EncodeToString(sum[:]),
		"custom_middleware": map[string]any{"driver": "otto", "pre": []any{map[string]any{"name": "bundled", "path": "hooks.js"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for name, data := range map[string][]byte{"manifest.json": manifest, "hooks.js": script} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// serveConfig is serveGateway for tests that need no more than its URL.
func serveConfig(t *testing.T, cfg *config.Config, logger *zerolog.Logger) string {
	t.Helper()
	_, url := serveGateway(t, cfg, app.Options{Logger: logger})
	return url
}

// ask sends a request and returns the reply as text, without what differs
// each time.
func ask(t *testing.T, url string, r question) string {
	t.Helper()
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = r.host
	for i := 0; i < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
	reply, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
		reply.Header.Del(name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", reply.StatusCode)
	_ = reply.Header.Write(&b)
	return requestID.ReplaceAllString(strings.ReplaceAll(b.String(), "\r", "")+"\n"+string(body), "ID")
}

var requestID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{10}`)

// question is a request and what its answer must have in it, or must not have
// where a text begins with an exclamation mark.
type question struct {
	name         string
	method, path string
	host, body   string
	header       []string
	want         []string
}

// questions ask for everything that the tree has.
func questions() []question {
	gold := []string{"X-Key", "gold"}
	return []question{
		{name: "pre and post hooks", path: "/keyless/a?b=1", want: []string{"200\n", "GET /base/a?b=1&pre=string\n", "X-Pre: ${blue} $5 2 of keyless\n", "X-Post: hello nobody\n"}},
		{name: "a body that a script changes", method: "POST", path: "/keyless/a", body: "caf\xc3\xa9 \xff", want: []string{"\ncaf\xc3\xa9 \xff stamped\n"}},
		{name: "a forced error", path: "/keyless/a?stop=1", want: []string{"418\n", "{\n    \"error\": \"short and stout\"\n}"}},
		{name: "a throw", path: "/keyless/a?throw=1", want: []string{"500\n", "Internal Server Error"}},

		{name: "no key", path: "/token/", want: []string{"401\n", "Authorization field missing"}},
		{name: "a wrong key", path: "/token/", header: []string{"X-Key", "brass"}, want: []string{"403\n", "Access to this API has been disallowed"}},
		{name: "a key in the header", path: "/token/x", header: []string{"X-Key", "gold", "X-Secret", "s"}, want: []string{"200\n", "X-Served-By: token\n", "GET /token/x\n", "X-Tier: gold\n", "X-Client: 127.0.0.1\n", "X-Post: hello ann\n", "!X-Secret", "!X-Key"}},
		{name: "a key in the query", path: "/token/x?key=gold&y=1", want: []string{"200\n", "GET /token/x?y=1\n"}},
		{name: "a key in a cookie", path: "/token/x", header: []string{"Cookie", "key=gold"}, want: []string{"200\n", "!Cookie"}},
		{name: "an expired key", path: "/token/", header: []string{"X-Key", "old"}, want: []string{"401\n", "Key has expired"}},
		{name: "a body that is too large", method: "POST", path: "/token/", header: gold, body: strings.Repeat("x", 65), want: []string{"400\n", "Request is too large"}},
		{name: "a limit, first", path: "/token/", header: []string{"X-Key", "slow"}, want: []string{"200\n"}},
		{name: "a limit, second", path: "/token/", header: []string{"X-Key", "slow"}, want: []string{"200\n"}},
		{name: "a limit, third", path: "/token/", header: []string{"X-Key", "slow"}, want: []string{"429\n"}},

		{name: "auth_check refuses", path: "/custom/", want: []string{"401\n", "Header missing"}},
		{name: "auth_check makes a session", path: "/custom/", header: []string{"X-Name", "zoe"}, want: []string{"200\n", "X-Guest: zoe\n"}},
		{name: "auth_check runs on ignored paths", path: "/custom/open", want: []string{"401\n"}},

		{name: "both: no header", path: "/multi/", header: gold, want: []string{"401\n", "Header missing"}},
		{name: "both: no key", path: "/multi/", header: []string{"X-Name", "zoe"}, want: []string{"401\n", "Authorization field missing"}},
		{name: "both: session of the key", path: "/multi/", header: []string{"X-Name", "zoe", "X-Key", "gold"}, want: []string{"200\n", "X-Post: hello ann\n"}},

		{name: "default version", path: "/versions/x", header: gold, want: []string{"200\n", "GET /x\n"}},
		{name: "a version without a key", path: "/versions/x", want: []string{"401\n"}},
		{name: "an ignored path of a version", path: "/versions/free", want: []string{"200\n"}},
		{name: "a version that the key does not open", path: "/versions/x", header: []string{"X-Key", "gold", "X-Version", "v2"}, want: []string{"403\n", "Access to this API has been disallowed"}},
		{name: "a version with a target", path: "/versions/x", header: []string{"X-Key", "slow", "X-Version", "v2"}, want: []string{"429\n"}},
		{name: "a blocked path of a version", path: "/versions/secret", header: []string{"X-Key", "gold", "X-Version", "v2"}, want: []string{"403\n", "Requested endpoint is forbidden"}},
		{name: "an expired version", path: "/versions/x", header: []string{"X-Version", "old.1"}, want: []string{"403\n", "expired"}},
		{name: "an unknown version", path: "/versions/x", header: []string{"X-Version", "v9"}, want: []string{"403\n", "does not seem to exist"}},

		{name: "virtual endpoint of a file", method: "POST", path: "/virtual/file/7", header: gold, body: "data", want: []string{"201\n", "X-Virtual: 202\n", "you are ann, you sent data"}},
		{name: "virtual endpoint needs the key", method: "POST", path: "/virtual/file/7", want: []string{"401\n"}},
		{name: "virtual endpoint of a blob, ignored path", path: "/virtual/blob", want: []string{"202\n", "blob 202"}},
		{name: "broken virtual endpoint", path: "/virtual/broken", header: gold, want: []string{"500\n", "Error during virtual endpoint execution"}},
		{name: "broken virtual endpoint, proxy_on_error", path: "/virtual/forgiving", header: gold, want: []string{"200\n", "GET /forgiving\n"}},
		{name: "disabled virtual endpoint", path: "/virtual/off", header: gold, want: []string{"200\n", "GET /off\n"}},

		{name: "bundle", path: "/bundle/", want: []string{"200\n", "X-Bundled: yes\n"}},
		{name: "folder loading", path: "/folder/", want: []string{"200\n", "X-First: first\n", "X-Last: first then last\n"}},
		{name: "response hook", path: "/response/", want: []string{"203\n", "X-Polished: response\n", "!X-Upstream", "polished\n"}},
		{name: "loop", path: "/loop/inside?b=2", want: []string{"200\n", "PUT /inner/from-loop?a=1&pre=string\n", "X-Pre: red 3 of inner\n"}},
		{name: "no loop", path: "/loop/outside", want: []string{"200\n", "GET /outside\n"}},
		{name: "internal api", path: "/inner/", want: []string{"404\n"}},
		{name: "inactive api", path: "/inactive/", want: []string{"404\n"}},

		{name: "another host", path: "/paths/items/1", header: gold, want: []string{"404\n"}},
		{name: "allowed path", host: "paths.example.com", path: "/paths/items/1", header: gold, want: []string{"200\n", "GET /items/1\n"}},
		{name: "allowed path in another case", host: "paths.example.com", path: "/paths/LOUD", header: gold, want: []string{"200\n"}},
		{name: "blocked path", host: "paths.example.com", path: "/paths/items/13", header: gold, want: []string{"403\n", "Requested endpoint is forbidden"}},
		{name: "disabled entry", host: "paths.example.com", path: "/paths/items/7", header: gold, want: []string{"200\n"}},
		{name: "method that is not allowed", method: "POST", host: "paths.example.com", path: "/paths/items/1", header: gold, want: []string{"403\n"}},
		{name: "ignored path", host: "paths.example.com", path: "/paths/health", want: []string{"200\n"}},

		{name: "modern script", path: "/modern/", want: []string{"200\n", "X-Modern: modern\n"}},
		{name: "oas: no key", path: "/oas/x", want: []string{"401\n"}},
		{name: "oas: hook", path: "/oas/x", header: gold, want: []string{"200\n", "X-Pre: green 4 of oas\n"}},
		{name: "oas: virtual endpoint", path: "/oas/hello", header: gold, want: []string{"201\n", "you are ann, you sent "}},
		{name: "event", path: "/events/x", header: []string{"X-Key", "brass"}, want: []string{"403\n"}},
	}
}

// TestAnImportedTreeIsServedAsItsMigration runs `run --tyk` and the output of
// `migrate tyk` side by side: both must give the expected answer, and the same.
func TestAnImportedTreeIsServedAsItsMigration(t *testing.T) {
	upstream := newEcho(t)
	dir := plantTree(t, upstream.URL)
	var logs lockedBuffer
	logger := zerolog.New(&logs)

	tree, err := app.OpenTykFolder(tyk.Config{Dir: dir, Listen: "127.0.0.1:0"}, os.LookupEnv, &logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tree.Close)
	cfg, err := tree.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "out", "gateway.yaml")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	code := newProgram().execute(t.Context(), streams{strings.NewReader(""), &out, &errs}, []string{"migrate", "tyk", dir, "--out", file, "--listen", "127.0.0.1:0"})
	if code != exitOK {
		t.Fatalf("migrate ended with %d:\n%s%s", code, &out, &errs)
	}
	migrated, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	imported, written := serveConfig(t, cfg, &logger), serveConfig(t, migrated, &logger)
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			got := ask(t, imported, q)
			for _, want := range q.want {
				unwanted, not := strings.CutPrefix(want, "!")
				if not == strings.Contains(got, strings.TrimPrefix(unwanted, "!")) {
					t.Errorf("want %q in:\n%s", want, got)
				}
			}
			if diff := cmp.Diff(got, ask(t, written, q)); diff != "" {
				t.Errorf("run --tyk and migrate differ:\n%s", diff)
			}
		})
	}
	for range 2 {
		select {
		case alarm := <-upstream.alarms:
			if !strings.HasPrefix(alarm, "AuthFailure of events: ") || !strings.HasSuffix(alarm, "/events/x") {
				t.Errorf("event handler sent %q", alarm)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no event handler was called")
		}
	}
	if t.Failed() {
		t.Log(logs.String())
	}
}

// TestAReloadReadsTheFolderAgain changes a script, breaks it, and repairs it.
func TestAReloadReadsTheFolderAgain(t *testing.T) {
	upstream := newEcho(t)
	dir := plantTree(t, upstream.URL)
	script := filepath.Join(dir, "middleware", "loop.js")
	var logs lockedBuffer
	logger := zerolog.New(&logs)
	tree, err := app.OpenTykFolder(tyk.Config{Dir: dir, Listen: "127.0.0.1:0"}, os.LookupEnv, &logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tree.Close)
	cfg, err := tree.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g, url := serveGateway(t, cfg, app.Options{Logger: &logger})
	before := ask(t, url, question{path: "/loop/x"})

	change := func(old, replacement string) {
		t.Helper()
		text, err := os.ReadFile(script)
		if err == nil {
			err = os.WriteFile(script, []byte(strings.ReplaceAll(string(text), old, replacement)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		(&serving{from: tree, logger: &logger}).reload(t.Context(), g)
	}
	change("return loop", "request.SetHeaders['X-Again'] = 'yes'; return loop")
	after := ask(t, url, question{path: "/loop/x"})
	if strings.Contains(before, "X-Again") || !strings.Contains(after, "X-Again: yes\n") {
		t.Errorf("before the reload:\n%s\nafter it:\n%s", before, after)
	}
	change("return loop", "return return loop")
	if got := ask(t, url, question{path: "/loop/x"}); got != after {
		t.Errorf("after a reload with a mistake:\n%s", got)
	}
	if !strings.Contains(logs.String(), "reload refused") || !strings.Contains(logs.String(), "middleware/loop.js:7:") {
		t.Errorf("the log does not say why:\n%s", &logs)
	}
}
