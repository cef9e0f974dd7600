package tyk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// plant writes the files of an archive to a new folder.
func plant(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// script is a file that most definitions of these tests name.
const script = `
-- middleware/a.js --
var a = new TykJS.TykMiddleware.NewMiddleware({});
a.NewProcessRequest(function (request, session, spec) { return a.ReturnData(request, {}); });
function f(request, session, spec) { return TykJsResponse({Body: "", Code: 200}, {}); }
`

// definition returns an archive with one API; keys are those that matter.
func definition(keys string) string {
	return script + `
-- apps/api.json --
{"name": "A", "api_id": "a", "org_id": "o",
` + keys + `
}`
}

// proxy is what every definition needs.
const proxy = `"proxy": {"listen_path": "/a/", "target_url": "http://127.0.0.1:9000", "strip_listen_path": true}`

const keyless = `"use_keyless": true, ` + proxy

// withVersion is a keyless definition with one version.
func withVersion(version string) string {
	return keyless + `, "version_data": {"not_versioned": true, "versions": {"Default": {` + version + `}}}`
}

func run(t *testing.T, dir string, change func(*tyk.Config)) (*tyk.Imported, error) {
	t.Helper()
	c := tyk.Config{Dir: dir, Scratch: filepath.Join(t.TempDir(), "scratch")}
	if change != nil {
		change(&c)
	}
	result, err := tyk.Import(t.Context(), c)
	if err == nil {
		if _, err := config.Parse("imported", result.YAML, environment); err != nil {
			t.Errorf("the text is no configuration: %v\n%s", err, result.YAML)
		}
	}
	// Messages name files of the folder, which is another one each time.
	return result, hide(err, dir)
}

// environment has every variable.
func environment(string) (string, bool) { return "http://elsewhere:1", true }

func hide(err error, dir string) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
}

func notes(r *tyk.ImportReport) string {
	var b strings.Builder
	all := r.Settings
	for _, a := range r.APIs {
		all = append(all, a.Notes...)
	}
	for _, n := range all {
		if !n.Harmless {
			b.WriteString(n.Path + " " + n.Text + "\n")
		}
	}
	return b.String()
}

func TestMapping(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		want       []string // in the text; not in it after an exclamation mark
		note       string   // in the notes; none may be there if it is empty
	}{
		{
			name: "an api", keys: keyless,
			want: []string{"listen: \":8080\"", "hash_keys: true", "timeout: 5s", "name: A", "id: a", "org_id: o", "compat: tyk", "path: /a/", "strip: true", "url: http://127.0.0.1:9000", "host: rewrite", "!auth:", "!rate_limit"},
		},
		{name: "the client's host", keys: `"use_keyless": true, "proxy": {"listen_path": "/a/", "target_url": "http://u", "preserve_host_header": true}`, want: []string{"!host: rewrite", "!strip: true"}},
		{name: "a target with a query", keys: `"use_keyless": true, "proxy": {"listen_path": "/a/", "target_url": "http://u/x?y=1#z"}`, want: []string{"url: \"http://u/x?y=1\""}, note: "has a fragment"},
		{name: "a domain", keys: keyless + `, "domain": "API.example.com"`, want: []string{"host: api.example.com"}},
		{name: "a domain that is off", keys: keyless + `, "domain": "api.example.com", "domain_disabled": true`, want: []string{"!api.example.com"}},
		{name: "an internal api", keys: keyless + `, "internal": true`, want: []string{"internal: true"}},
		{name: "config data", keys: keyless + `, "config_data": {"a": {"b": "${X}"}}`, want: []string{"config:\n      a:\n        b: \"$${X}\"\n"}},
		{name: "config data that is empty", keys: keyless + `, "config_data": {}`, want: []string{"config: {}"}},
		{
			name: "config data that is off", keys: keyless + `, "config_data": {"a": 1}, "config_data_disabled": true, "custom_middleware": {"pre": [{"name": "a", "path": "middleware/a.js"}]}`,
			want: []string{"!a: 1", "hide_config: true"},
		},
		{
			name: "hooks", keys: keyless + `, "custom_middleware": {"pre": [{"name": "a", "path": "middleware/a.js"}, {"name": "b", "disabled": true}], "post": [{"name": "a", "path": "./middleware/a.js", "require_session": true}], "response": [{"name": "a"}]}`,
			want: []string{"pre: [a.pre.a]", "post: [a.post.a]", "response: [a.response.a]", "source:\n      - middleware/a.js\n      - middleware/a.js\n    entry: a\n    config:\n      require_session: true\n", "!on_load_error"},
		},
		{
			name: "one hook twice", keys: keyless + `, "custom_middleware": {"pre": [{"name": "a", "path": "middleware/a.js"}, {"name": "a"}]}`,
			want: []string{"pre: [a.pre.a, a.pre.a]", "source: middleware/a.js"},
		},
		{
			name: "post_key_auth of a keyless api", keys: keyless + `, "custom_middleware": {"post_key_auth": [{"name": "a", "path": "middleware/a.js"}]}`,
			want: []string{"!post_key_auth:"}, note: "custom_middleware.post_key_auth does not run: the API is keyless",
		},
		{
			name: "a key", keys: proxy,
			want: []string{"entry: key-auth\n    config:\n      header: Authorization\n      expiry: later\n      reply: tyk\n", "auth: a.key", "post_key_auth: [a.access]", "rate_limit: a.limit"},
		},
		{
			name: "a key elsewhere", keys: proxy + `, "auth": {"disable_header": true, "use_param": true, "param_name": "k", "use_cookie": true, "cookie_name": "c"}, "strip_auth_data": true`,
			want: []string{`header: ""`, "query: k", "cookie: c", "strip: true"},
		},
		{
			name: "auth_configs count before auth", keys: proxy + `, "auth": {"auth_header_name": "Old"}, "auth_configs": {"authToken": {"auth_header_name": "New"}}`,
			want: []string{"header: New", "!Old"},
		},
		{name: "no limits", keys: proxy + `, "disable_rate_limit": true, "disable_quota": true`, want: []string{"!rate_limit"}},
		{name: "no quota", keys: proxy + `, "disable_quota": true`, want: []string{"quota: false", "!rate: false"}},
		{
			name: "auth_check", keys: proxy + `, "enable_coprocess_auth": true, "custom_middleware": {"auth_check": {"name": "a", "path": "middleware/a.js"}}`,
			want: []string{"auth: a.auth_check.a", "!key-auth", "post_key_auth: [a.access]"},
		},
		{
			name: "auth_check and a key", keys: proxy + `, "custom_plugin_auth_enabled": true, "use_standard_auth": true, "custom_middleware": {"auth_check": {"name": "a", "path": "middleware/a.js"}, "post_key_auth": [{"name": "a"}]}`,
			want: []string{"auth: a.auth_check.a", "session: keep", "post_key_auth: [a.key, a.post_key_auth.a, a.access]"},
		},
		{
			name: "auth_check and the session of a key", keys: proxy + `, "use_go_plugin_auth": true, "use_standard_auth": true, "base_identity_provided_by": "auth_token", "custom_middleware": {"auth_check": {"name": "a", "path": "middleware/a.js"}}`,
			want: []string{"auth: a.auth_check.a", "!session: keep", "post_key_auth: [a.key, a.access]"},
		},
		{
			name: "auth_check that is not enabled", keys: proxy + `, "custom_middleware": {"auth_check": {"name": "a", "path": "middleware/a.js"}}`,
			want: []string{"auth: a.key"}, note: "auth_check does not run: none of",
		},
		{
			name: "headers", keys: withVersion(`"global_headers": {"X-B": "$tyk_meta.b", "X-A": "1"}, "global_headers_remove": ["X-C"], "global_response_headers": {"X-D": "d"}, "global_size_limit": 100`),
			want: []string{"post_key_auth: [a.request]", "response: [a.reply]", "pre: [a.size]", "set:\n        X-A: \"1\"\n        X-B: \"$$meta.b\"\n      remove: [X-C]\n", "max: 100"},
		},
		{name: "headers that are off", keys: withVersion(`"global_headers": {"X-B": "b"}, "global_headers_disabled": true`), want: []string{"!X-B"}},
		{
			name: "ignored paths of a keyless api", keys: withVersion(`"paths": {"ignored": ["/free"], "white_list": ["/a/{id}", "/b/*"]}`),
			want: []string{"!exempt", "ignore:\n        - path: /free\n", "allow:\n        - path: \"/a/([^/]+)\"\n        - path: \"/b/.*\"\n"},
		},
		{
			name: "extended paths", keys: proxy + `, "version_data": {"not_versioned": true, "versions": {"Default": {"use_extended_paths": true, "paths": {"ignored": ["/no"]}, "extended_paths": {"ignored": [{"path": "/free", "method": "get"}], "black_list": [{"path": "/b", "ignore_case": true, "method_actions": {"POST": {"action": "no_action"}, "PUT": {}}}]}}}}`,
			want: []string{"exempt:\n      - path: /free\n        method: GET\n", "- path: \"(?i)/b\"\n          method: POST\n        - path: \"(?i)/b\"\n          method: PUT\n", "!/no"},
		},
		{
			name: "a virtual endpoint", keys: withVersion(`"use_extended_paths": true, "extended_paths": {"virtual": [{"path": "/v", "method": "GET", "response_function_name": "f", "function_source_type": "file", "function_source_uri": "middleware/a.js", "use_session": true, "proxy_on_error": true}]}`),
			want: []string{"virtual:\n        - pattern: /v\n          method: GET\n          plugin: a.virtual.f\n", "on_fault: open", "use_session: true"},
		},
		{
			name: "virtual endpoints that match nothing", keys: withVersion(`"use_extended_paths": true, "extended_paths": {"virtual": [{"path": "/v", "response_function_name": "f", "function_source_type": "file", "function_source_uri": "middleware/a.js"}]}`),
			want: []string{"!virtual:"}, note: "/v has no method and matches no request",
		},
		{
			name: "versions", keys: proxy + `, "definition": {"location": "url-param", "key": "v", "strip_path": true, "fallback_to_default": true}, "version_data": {"default_version": "v1", "versions": {"v1": {"expires": "2099-12-31 23:59"}, "v2": {"override_target": "http://two"}}}`,
			want: []string{"location: query", "key: v", "strip: true", "v1: a@v1", "v2: a@v2", "default: v1", "fallback: true", `v1: "2099-12-31T23:59:00Z"`, "name: a@v1", "internal: true", "url: http://two", "version: v1", "pre: [a.version]"},
		},
		{
			name: "events", keys: keyless + `, "event_handlers": {"events": {"AuthFailure": [{"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "a", "path": "middleware/a.js"}}], "KeyExpired": [{"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "a", "path": "middleware/a.js"}}, {"handler_name": "eh_log_handler", "handler_meta": {"prefix": "x"}}]}}`,
			want: []string{"event:\n        - plugin: a.event.a\n          \"on\": [AuthFailure, KeyExpired]\n"}, note: "event_handlers.events.KeyExpired handler eh_log_handler is not supported",
		},
		{
			name: "a driver of another language", keys: keyless + `, "custom_middleware": {"driver": "python", "pre": [{"name": "Py"}]}`,
			want: []string{"command: [your-plugins]", "runtime: coproc\n    entry: Py\n", "pre: [a.pre.py]"}, note: "python plugins are not converted",
		},
		{
			name: "an id extractor", keys: proxy + `, "enable_coprocess_auth": true, "custom_middleware": {"driver": "grpc", "auth_check": {"name": "Check"}, "id_extractor": {"extract_from": "header", "extract_with": "regex", "extractor_config": {"regex_expression": "k=(.*)", "regex_match_index": 1}}}`,
			want: []string{"id_extractor:\n      from: header\n      with: regex\n      name: Authorization\n      regex: \"k=(.*)\"\n      match: 1\n"}, note: "grpc plugins are not converted",
		},
		{
			name: "auth data of auth_check", keys: proxy + `, "enable_coprocess_auth": true, "strip_auth_data": true, "session_lifetime": 60, "auth_configs": {"coprocess": {"auth_header_name": "X-Name"}}, "custom_middleware": {"auth_check": {"name": "a", "path": "middleware/a.js"}}`,
			want: []string{"post_key_auth: [a.strip, a.access]", "remove: [X-Name]"}, note: "session_lifetime is not supported",
		},
		{name: "what is waived", keys: proxy + `, "enable_jwt": true`, want: []string{"auth: a.key"}, note: "(waived)"},
		{name: "an unknown key", keys: keyless + `, "wings": 2`, note: "wings is not a key that is known; ignored"},
		{name: "an api that is not active", keys: keyless + `, "active": false, "use_mutual_tls_auth": true`, want: []string{"!name: A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := run(t, plant(t, definition(c.keys)), func(cfg *tyk.Config) {
				if strings.HasPrefix(c.name, "what is waived") {
					cfg.Waive = []string{"enable_jwt"}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				unwanted, not := strings.CutPrefix(want, "!")
				if strings.Contains(string(result.YAML), unwanted) == not {
					t.Errorf("want %q in:\n%s", want, result.YAML)
				}
			}
			if got := notes(result.Report); c.note == "" && got != "" || !strings.Contains(got, c.note) {
				t.Errorf("notes are %q, want %q", got, c.note)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	hook := func(h string) string { return keyless + `, "custom_middleware": {"pre": [` + h + `]}` }
	for _, c := range []struct{ name, archive, want string }{
		{"no apps", "-- middleware/a.js --\n", "apps: no such file or directory"},
		{"no definitions", "-- apps/readme.txt --\nhello\n", "apps: there are no API definitions here (*.json)"},
		{"broken json", "-- apps/a.json --\n{\"name\": \"A\",\n\"x\" 1}\n", "apps/a.json:2:5: not valid JSON: invalid character '1' after object key"},
		{"an array", "-- apps/a.json --\n[]\n", "apps/a.json:1:1: the document must be an object, not a list"},
		{"a wrong type", definition(keyless + `, "custom_middleware": {"pre": {"name": "a"}}`), "apps/api.json:2:"},
		{"other auth", definition(proxy + `, "enable_jwt": true, "use_keyless": false`), "enable_jwt is a way to authenticate that is not supported; without it the API would be more open; --waive enable_jwt imports it all the same"},
		{"ip lists", definition(keyless + `, "enable_ip_whitelisting": true`), "--waive enable_ip_whitelisting"},
		{"mutual tls", definition(keyless + `, "use_mutual_tls_auth": true`), "--waive use_mutual_tls_auth"},
		{"a global limit", definition(keyless + `, "global_rate_limit": {"rate": 5, "per": 1}`), "--waive global_rate_limit"},
		{"size limits", definition(withVersion(`"extended_paths": {"size_limits": [{"path": "/x"}]}`)), "--waive size_limits"},
		{"mock replies", definition(withVersion(`"use_extended_paths": true, "extended_paths": {"white_list": [{"path": "/x", "method_actions": {"GET": {"action": "reply", "code": 200}}}]}`)), `action "reply" of method GET`},
		{"two of one path", definition(keyless) + "\n-- apps/b.json --\n{\"name\": \"B\", \"api_id\": \"b\", \"use_keyless\": true, \"proxy\": {\"listen_path\": \"/a\", \"target_url\": \"http://u\"}}\n", `apps/b.json:1:`},
		{"two of one id", definition(keyless) + "\n-- apps/b.json --\n{\"name\": \"B\", \"api_id\": \"a\", \"use_keyless\": true, \"proxy\": {\"listen_path\": \"/b\", \"target_url\": \"http://u\"}}\n", `api_id "a" is that of apps/api.json, too`},
		{"no listen path", definition(`"use_keyless": true, "proxy": {"target_url": "http://u"}`), "must begin with a slash"},
		{"a pattern as listen path", definition(`"use_keyless": true, "proxy": {"listen_path": "/{x}/", "target_url": "http://u"}`), "patterns and escapes are not supported"},
		{"a listen path with dots", definition(`"use_keyless": true, "proxy": {"listen_path": "/a/../b", "target_url": "http://u"}`), "empty or dot segments"},
		{"no target", definition(`"use_keyless": true, "proxy": {"listen_path": "/a/"}`), "must be an http:// or https:// URL with a host"},
		{"a target with credentials", definition(`"use_keyless": true, "proxy": {"listen_path": "/a/", "target_url": "http://u:secret@h"}`), `target "http://u:xxxxx@h" must not hold credentials`},
		{"tcp", definition(keyless + `, "protocol": "tcp"`), "protocol tcp is not supported"},
		{"a domain pattern", definition(keyless + `, "domain": "{sub}.example.com"`), "must be a plain host name"},
		{"a missing script", definition(hook(`{"name": "a", "path": "middleware/b.js"}`)), "custom_middleware.pre[0].path: middleware/b.js: no such file or directory"},
		{"a script that does not parse", definition(hook(`{"name": "b", "path": "middleware/b.js"}`)) + "\n-- middleware/b.js --\nvar x = 1;\nvar b = () => 1;\n", "middleware/b.js:2:"},
		{"no script at all", definition(hook(`{"name": "a", "path": "middleware/a.py"}`)), `"middleware/a.py" is not the name of a script: .js is missing`},
		{"a folder as script", definition(hook(`{"name": "a", "path": "middleware/d.js"}`)) + "\n-- middleware/d.js/x --\n", "middleware/d.js: is not a file"},
		{"a path out of the folder", definition(hook(`{"name": "a", "path": "../../etc/a.js"}`)), `"../../etc/a.js" leaves the folder`},
		{"a hook without a name", definition(hook(`{"path": "middleware/a.js"}`)), "custom_middleware.pre[0] has no name"},
		{"code that is not base64", definition(hook(`{"name": "a", "code": "%%%"}`)), "custom_middleware.pre[0].code: not valid base64"},
		{"an unknown driver", definition(keyless + `, "custom_middleware": {"driver": "perl", "pre": [{"name": "a"}]}`), `driver "perl" is not known`},
		{"scripts without jsvm", definition(hook(`{"name": "a", "path": "middleware/a.js"}`)) + "\n-- tyk.conf --\n{}\n", "enable_jsvm is not set in tyk.conf"},
		{"a preload that is a folder", definition(hook(`{"name": "a", "path": "middleware/a.js"}`)) + "\n-- js/d.js/x --\n-- tyk.conf --\n{\"enable_jsvm\": true, \"tyk_js_path\": \"js/d.js\"}\n", "tyk.conf: tyk_js_path: js/d.js: is not a file"},
		{"broken settings", definition(keyless) + "\n-- tyk.conf --\n{,}\n", "tyk.conf:1:2: not valid JSON"},
		{"broken keys", definition(keyless) + "\n-- keys.json --\n[{\"key\": 1]\n", "keys.json:1:11: not valid JSON"},
		{"keys that are no list", definition(keyless) + "\n-- keys.json --\n{}\n", "keys.json:1:1: keys must be a list"},
		{"a key with a policy", definition(keyless) + "\n-- keys.json --\n[{\"key\": \"k\", \"session\": {\"apply_policies\": [\"p\"]}}]\n", "keys.json:1:45: apply_policies is not supported; without it the key would open more; --waive apply_policies"},
		{"a key with a limit for one api", definition(keyless) + "\n-- keys.json --\n[{\"key\": \"k\", \"session\": {\"access_rights\": {\"a\": {\"limit\": {\"rate\": 5}}}}}]\n", "--waive limit"},
		{"a missing bundle", definition(keyless + `, "custom_middleware_bundle": "gone.zip"`), `bundle "gone.zip"`},
		{"a bundle out of the folder", definition(keyless + `, "custom_middleware_bundle": "../gone.zip"`), "the name must be a relative path without .."},
		{"auth_check without a hook", definition(proxy + `, "enable_coprocess_auth": true`), "custom authentication is enabled, and there is no auth_check hook"},
		{"no session at all", definition(proxy + `, "enable_coprocess_auth": true, "base_identity_provided_by": "auth_token", "custom_middleware": {"auth_check": {"name": "a", "path": "middleware/a.js"}}`), "no request would have a session"},
		{"nowhere to look for a key", definition(proxy + `, "auth": {"disable_header": true}`), "there is nowhere to look for the key"},
		{"several versions and none meant", definition(keyless + `, "version_data": {"not_versioned": true, "versions": {"a": {}, "b": {}}}`), "which version is meant?"},
		{"no version", definition(keyless + `, "version_data": {"not_versioned": true}`), "which version is meant?"},
		{"an api that expires", definition(withVersion(`"expires": "2020-01-01 00:00"`)), "--waive expires"},
		{"a time that is none", definition(keyless + `, "version_data": {"versions": {"a": {"expires": "soon"}}}`), `expires must be a time such as 2030-12-31 00:00, not "soon"`},
		{"an unknown default version", definition(keyless + `, "version_data": {"default_version": "z", "versions": {"a": {}}}`), `default_version "z" is not one of the versions`},
		{"an unknown location", definition(keyless + `, "definition": {"location": "moon"}, "version_data": {"versions": {"a": {}}}`), `location "moon"`},
		{"a path that is no expression", definition(withVersion(`"paths": {"white_list": ["/a(("]}`)), "which is no regular expression"},
		{"a virtual endpoint of no kind", definition(withVersion(`"use_extended_paths": true, "extended_paths": {"virtual": [{"path": "/v", "method": "GET", "response_function_name": "f", "function_source_type": "x"}]}`)), "function_source_type must be file or blob"},
		{"a blob that is refused", definition(withVersion(`"use_extended_paths": true, "extended_paths": {"virtual": [{"path": "/v", "method": "GET", "response_function_name": "f", "function_source_type": "blob", "function_source_uri": "Zg=="}]}`)) + "\n-- tyk.conf --\n{\"enable_jsvm\": true, \"disable_virtual_path_blobs\": true}\n", "disable_virtual_path_blobs is set"},
		{"config data that is no object", definition(keyless + `, "config_data": [1]`), "config_data must be an object, not a list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := run(t, plant(t, c.archive), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Import() = %v, want %s", err, c.want)
			}
			if result == nil || result.Report == nil || result.YAML != nil {
				t.Errorf("result is %+v, want a report and no text", result)
			}
		})
	}
}

// TestLenient goes on where TestMistakes stops: what is left must be safe.
func TestLenient(t *testing.T) {
	other := "\n-- apps/z.json --\n{\"name\": \"Z\", \"api_id\": \"z\", \"use_keyless\": true, \"proxy\": {\"listen_path\": \"/z/\", \"target_url\": \"http://u\"}}\n"
	hook := func(h string) string { return keyless + `, "custom_middleware": {"pre": [` + h + `]}` }
	for _, c := range []struct {
		name, archive string
		want          []string
	}{
		{"an api that would be open is left out", definition(proxy+`, "enable_jwt": true`) + other, []string{"!name: A", "name: Z"}},
		{"broken json is left out", "-- apps/a.json --\n{\n" + other, []string{"name: Z"}},
		{"a missing bundle leaves the api out", definition(keyless+`, "custom_middleware_bundle": "gone.zip"`) + other, []string{"!name: A", "name: Z"}},
		{"a missing script", definition(hook(`{"name": "b", "path": "middleware/b.js"}`)), []string{"name: A", "entry: b", "on_load_error: fault"}},
		{"a broken script beside a good one", definition(hook(`{"name": "b", "path": "middleware/b.js"}, {"name": "a", "path": "middleware/a.js"}`)) + "\n-- middleware/b.js --\nlet b\n", []string{"entry: b", "entry: a", "- middleware/a.js", "!- middleware/b.js"}},
		{"another language without a process", definition(keyless + `, "custom_middleware": {"driver": "python", "pre": [{"name": "Py"}]}`), []string{"!coproc", "on_load_error: fault", "pre: [a.pre.py]"}},
		{"the second of one path is left out", definition(keyless) + "\n-- apps/b.json --\n{\"name\": \"B\", \"api_id\": \"b\", \"use_keyless\": true, \"proxy\": {\"listen_path\": \"/a\", \"target_url\": \"http://u\"}}\n", []string{"name: A", "!name: B"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := run(t, plant(t, c.archive), func(cfg *tyk.Config) { cfg.Lenient = true })
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				unwanted, not := strings.CutPrefix(want, "!")
				if strings.Contains(string(result.YAML), unwanted) == not {
					t.Errorf("want %q in:\n%s", want, result.YAML)
				}
			}
		})
	}
}

func TestTheSameFolderMakesTheSameText(t *testing.T) {
	dir := plant(t, definition(proxy+`, "version_data": {"versions": {"b": {"global_headers": {"X-B": "1", "X-A": "2", "X-C": "3"}}, "a": {}, "c": {}}}, "event_handlers": {"events": {"KeyExpired": [{"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "a", "path": "middleware/a.js"}}], "AuthFailure": [{"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "f", "path": "middleware/a.js"}}]}}`))
	first, err := run(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := run(t, dir, nil)
		if err != nil || string(again.YAML) != string(first.YAML) {
			t.Fatalf("Import() = %v\n%s\nbefore:\n%s", err, again.YAML, first.YAML)
		}
	}
}

func TestSettings(t *testing.T) {
	dir := plant(t, definition(withVersion(`"paths": {"white_list": ["/a"]}`))+`
-- keys.json --
[]
-- tyk.conf --
{"listen_address": "127.0.0.1", "listen_port": 8181, "allow_master_keys": true, "enable_jsvm": true, "jsvm_timeout": 2, "log_level": "debug",
 "storage": {"type": "redis"}, "wings": 2, "ignore_endpoint_case": true,
 "http_server_options": {"enable_path_prefix_matching": true, "enable_path_suffix_matching": true, "max_request_body_size": 1000, "read_timeout": 7, "skip_url_cleaning": true}}
`)
	result, err := run(t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"listen: \"127.0.0.1:8181\"\n", "timeout: 2s\n", "max_body: 1000\n", "read_body: 7s\n", "keys: keys.json\n", "master_keys: true\n", "path: \"(?i)^/a$$\"\n",
	} {
		if !strings.Contains(string(result.YAML), want) {
			t.Errorf("want %q in:\n%s", want, result.YAML)
		}
	}
	if strings.Contains(string(result.YAML), "hash_keys") {
		t.Errorf("keys are hashed, which tyk.conf does not say:\n%s", result.YAML)
	}
	for _, want := range []string{"storage is not supported", "wings is not a setting that is known", "skip_url_cleaning is not needed"} {
		if !strings.Contains(notes(result.Report), want) {
			t.Errorf("want %q in:\n%s", want, notes(result.Report))
		}
	}
}

func TestInlineCodeNeedsAPlace(t *testing.T) {
	dir := plant(t, definition(keyless+`, "custom_middleware": {"pre": [{"name": "a", "code": "dmFyIGEgPSB7fTs="}]}`))
	_, err := run(t, dir, func(c *tyk.Config) { c.Scratch = "" })
	if err == nil || !strings.Contains(err.Error(), "name its file with --out") {
		t.Errorf("Import() = %v", err)
	}
}

func TestAScriptOfNoUseIsNotTooLarge(t *testing.T) {
	dir := plant(t, definition(keyless+`, "custom_middleware": {"pre": [{"name": "a", "path": "middleware/big.js"}]}`))
	if err := os.WriteFile(filepath.Join(dir, "middleware", "big.js"), make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := run(t, dir, nil)
	if err == nil || !strings.Contains(err.Error(), "middleware/big.js: is larger than 1 MiB") {
		t.Errorf("Import() = %v", err)
	}
}

func TestAnInterruptedImportSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tyk.Import(ctx, tyk.Config{Dir: plant(t, definition(keyless))})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Import() = %v, want %v", err, context.Canceled)
	}
}

func TestProblemsHavePlaces(t *testing.T) {
	dir := plant(t, definition(proxy+",\n\"enable_jwt\": true"))
	_, err := tyk.Import(t.Context(), tyk.Config{Dir: dir})
	problems, ok := errors.AsType[document.Mistakes](err)
	if !ok || len(problems) != 1 || problems[0].Pos.Line != 3 || problems[0].Pos.Column != 1 {
		t.Errorf("Import() = %v", err)
	}
}

// FuzzImport feeds definitions of every kind: whatever is made of them must be
// a configuration.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"name": "A", ` + keyless + `}`))
	f.Add([]byte(`{"name": "A", ` + proxy + `, "version_data": {"versions": {"a": {}, "b": {"paths": {"ignored": ["/x"]}}}}}`))
	f.Add([]byte(`{"name": "A\u0000", ` + withVersion(`"global_headers": {"a b": "c\nd"}, "global_size_limit": -1`) + `, "config_data": {"a": 1e5}}`))
	f.Add([]byte(`{"name": "A", ` + keyless + `, "custom_middleware": {"driver": "python", "pre": [{"name": "x"}], "response": [{"name": "\""}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "apps"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "apps", "a.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, lenient := range []bool{false, true} {
			result, err := tyk.Import(t.Context(), tyk.Config{Dir: dir, Scratch: filepath.Join(dir, "scratch"), Lenient: lenient})
			if err != nil {
				continue
			}
			if _, err := config.Parse("imported", result.YAML, environment); err != nil {
				t.Errorf("%v\n%s", err, result.YAML)
			}
		}
	})
}
