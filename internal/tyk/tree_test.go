package tyk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/tyk"
	"github.com/c386954a/sallyport/internal/tyk/source"
	"github.com/c386954a/sallyport/internal/tyk/write"
)

// wantText imports an archive and looks for text in the configuration; not in
// it after an exclamation mark. A note, if it is not empty, must be there.
func wantText(t *testing.T, archive, note string, want ...string) {
	t.Helper()
	result, err := run(t, plant(t, archive), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		unwanted, not := strings.CutPrefix(w, "!")
		if strings.Contains(string(result.YAML), unwanted) == not {
			t.Errorf("want %q in:\n%s", w, result.YAML)
		}
	}
	if !strings.Contains(notes(result.Report), note) {
		t.Errorf("want %q in:\n%s", note, notes(result.Report))
	}
}

func TestADefinitionExportedFromTheDashboardIsImported(t *testing.T) {
	wantText(t, "-- apps/a.json --\n{\"hook_references\": [],\n \"api_definition\": {\"name\": \"A\", \"wings\": 1, "+keyless+"}}\n",
		"wings is not a key that is known", "name: A", "path: /a/")
	oas := `{"api_definition": {"openapi": "3.0.3", "x-tyk-api-gateway": {"info": {"name": "O"}, "upstream": {"url": "http://u"}, "server": {"listenPath": {"value": "/o/"}}}}}`
	wantText(t, "-- apps/o.json --\n"+oas+"\n", "", "name: O", "path: /o/")
	_, err := run(t, plant(t, "-- apps/a.json --\n{\n \"api_definition\": {\"enable_jwt\": true, "+proxy+"}}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "apps/a.json:2:21: enable_jwt") {
		t.Errorf("Import() = %v, want the place in the file", err)
	}
}

func TestAnAPIThatExpiresLaterIsServed(t *testing.T) {
	version := func(expires string) string { return withVersion(`"expires": "` + expires + `"`) }
	wantText(t, definition(version("3000-01-02 15:04")), "expires is not looked at", "name: A", "!expires")
	_, err := run(t, plant(t, definition(version("2020-01-01 00:00"))), nil)
	if err == nil || !strings.Contains(err.Error(), "the API expired on 2020-01-01 00:00:00") {
		t.Errorf("Import() = %v", err)
	}
}

func TestATargetOfTheEnvironmentIsReadFromIt(t *testing.T) {
	for _, target := range []string{"env://UPSTREAM_URL", "secrets://UPSTREAM_URL"} {
		wantText(t, definition(`"use_keyless": true, "proxy": {"listen_path": "/a/", "target_url": "`+target+`"}`), "", `url: "${UPSTREAM_URL}"`)
	}
	for _, target := range []string{"env://", "env://A B", "env://A/b"} {
		_, err := run(t, plant(t, definition(`"use_keyless": true, "proxy": {"listen_path": "/a/", "target_url": "`+target+`"}`)), nil)
		if err == nil || !strings.Contains(err.Error(), "does not name a variable of the environment") {
			t.Errorf("%s: Import() = %v", target, err)
		}
	}
}

func TestAnEmptyPathMatchesEverything(t *testing.T) {
	wantText(t, definition(proxy+`, "version_data": {"not_versioned": true, "versions": {"Default": {"paths": {"ignored": [""]}}}}`),
		"is empty and matches every request", "exempt:\n      - path: \".*\"\n")
	wantText(t, definition(withVersion(`"use_extended_paths": true, "extended_paths": {"white_list": [{"path": "", "method": "GET"}]}`)),
		"is empty and matches every request", "allow:\n        - path: \".*\"\n          method: GET\n")
}

func TestFoldersOfAnotherMachineAreLookedForInTheTree(t *testing.T) {
	hook := keyless + `, "custom_middleware": {"pre": [{"name": "a", "path": "middleware/a.js"}]}`
	conf := `-- tyk.conf --
{"enable_jsvm": true, "app_path": "/opt/not-here/tyk/apps", "middleware_path": "/opt/not-here/tyk/middleware", "tyk_js_path": "/opt/not-here/js/tyk.js"}
`
	archive := definition(hook) + "\n-- middleware/a/post/b.js --\nvar b = {};\n" + conf
	wantText(t, archive, "app_path is of another machine", "name: A", "post: [a.post.b]", "middleware/a/post/b.js", "!preload")
	wantText(t, archive, "tyk_js_path is left out")
	_, err := run(t, plant(t, strings.ReplaceAll(archive, "tyk/apps", "tyk/elsewhere")), nil)
	if err != nil {
		t.Errorf("Import() = %v, want the usual folder", err)
	}
}

func TestOneAPIThatIsRefusedDoesNotStopTheOthers(t *testing.T) {
	archive := ""
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		archive += "-- apps/" + n + ".json --\n" + `{"name": "N` + n + `", "api_id": "n` + n + `", "use_keyless": true, "proxy": {"listen_path": "/` + n + `/", "target_url": "http://u"}}` + "\n"
	}
	refused := "-- apps/m.json --\n" + `{"name": "M", "api_id": "m", "use_mutual_tls_auth": true, "proxy": {"listen_path": "/m/", "target_url": "http://u"}}` + "\n"
	skip := func(c *tyk.Config) { c.SkipUnsupported = true }
	result, err := run(t, plant(t, archive+refused), skip)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(result.YAML), "- name: N"); n != 9 || strings.Contains(string(result.YAML), "name: M") {
		t.Errorf("%d APIs are served:\n%s", n, result.YAML)
	}
	m := result.Report.APIs[9]
	if !strings.Contains(m.Skipped, "use_mutual_tls_auth is a way to authenticate that is not supported") {
		t.Errorf("Skipped = %q", m.Skipped)
	}
	if _, err := run(t, plant(t, refused), skip); err == nil || !strings.Contains(err.Error(), "use_mutual_tls_auth") {
		t.Errorf("Import() = %v, want the reason why nothing is served", err)
	}
}

func TestAScriptInTheSandboxMaySendRequestsWhereItSays(t *testing.T) {
	hook := keyless + `, "custom_middleware": {"driver": "javascript", "pre": [{"name": "m", "path": "middleware/m.js"}]}`
	archive := func(url string) string {
		return definition(hook) + `
-- middleware/m.js --
const m = new TykJS.TykMiddleware.NewMiddleware({});
m.NewProcessRequest((request) => {
  TykMakeHttpRequest(JSON.stringify({Method: "GET", Domain: ` + url + `, Resource: "/x"}));
  return m.ReturnData(request, {});
});
`
	}
	wantText(t, archive(`"http://127.0.0.1:9100"`), "is allowed to send them to http://127.0.0.1:9100", `http: ["http://127.0.0.1:9100/*"]`)
	wantText(t, archive(`'https://idp.example.com/a' + "https://other/"`), "", `http: ["https://idp.example.com/*", "https://other/*"]`)
	for _, url := range []string{`"https://" + host`, `"https://idp" + ".example.com"`, "`https://${host}/`", `"https://user:word@h/"`, `"https://h:99999/"`} {
		wantText(t, archive(url), "which must be granted: add the URLs", "!http: [")
	}
}

func TestDecidingChangesNeitherTheTreeNorFiles(t *testing.T) {
	archive := definition(proxy+`, "custom_middleware": {"pre": [{"name": "a", "code": "dmFyIGEgPSB7fTs="}]}`) +
		"\n-- apps/nameless.json --\n{\"use_keyless\": true, \"proxy\": {\"listen_path\": \"/n/\", \"target_url\": \"http://u\"}}\n"
	dir := plant(t, archive)
	c := tyk.Config{Dir: dir, Base: dir, Scratch: filepath.Join(t.TempDir(), "scratch")}
	tree, err := source.Read(t.Context(), dir, c.Scratch)
	if err != nil {
		t.Fatal(err)
	}
	first, problems := tyk.Decide(tree, c, time.Now())
	if len(problems) > 0 || len(first.Files) != 1 {
		t.Fatalf("Decide() = %+v, %v", first, problems)
	}
	again, _ := tyk.Decide(tree, c, time.Now())
	if diff := cmp.Diff(string(write.YAML(first)), string(write.YAML(again))); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(c.Scratch); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat() = %v, want no folder before the text is written", err)
	}
}
