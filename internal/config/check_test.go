package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/config"
)

// api returns a configuration with one API of the given match and upstream.
func api(match, upstream string) string {
	return "version: 1\napis: [{ name: a, match: " + match + ", upstream: { url: \"" + upstream + "\" } }]\n"
}

func TestHosts(t *testing.T) {
	valid := []string{"example.com", "API.example.com", "localhost", "10.0.0.1", "a_b.c-d", "[::1]", "[2001:db8::7]"}
	invalid := []string{"", "a b", "a/b", "https://example.com", "example.com:80", "::1", "[::1", "[::1]:80", "[fe80::1%eth0]", "[1.2.3.4]", "ü.de", "*"}
	for _, host := range valid {
		if got := problems(t, api(`{ path: /, host: "`+host+`" }`, "http://h"), nil); got != "" {
			t.Errorf("host %q: %s", host, got)
		}
	}
	for _, host := range invalid {
		if got := problems(t, api(`{ path: /, host: "`+host+`" }`, "http://h"), nil); !strings.Contains(got, "`host` must be a host name") {
			t.Errorf("host %q: problems = %q", host, got)
		}
	}
}

func TestUpstreamURLs(t *testing.T) {
	tests := []struct{ url, want string }{
		{"http://127.0.0.1:9000", ""},
		{"https://example.com/base/", ""},
		{"HTTP://example.com/a@b", ""},
		{"http://[::1]:9000", ""},
		{"", "`url` is empty. write for example `http://127.0.0.1:9000`"},
		{"localhost:9000", "`url` must begin with http:// or https://. did you mean `http://localhost:9000`?"},
		{"10.0.0.1:9000/x", "`url` is not a URL. did you mean `http://10.0.0.1:9000/x`?"},
		{"ws://h", "`url` must begin with http:// or https://. write for example `http://127.0.0.1:9000`"},
		{"http://", "`url` names no host. write for example `http://127.0.0.1:9000`"},
		{"http://:80", "`url` names no host. write for example `http://127.0.0.1:9000`"},
		{"http://h:99999", "`url` names no host. write for example `http://127.0.0.1:9000`"},
		{"http://h/a b", "`url` is not a URL. write for example `http://127.0.0.1:9000`"},
		{"http://user:pass@h", "`url` must not hold credentials. write for example `http://127.0.0.1:9000`"},
		{"http://h/a?b=c&d", ""},
		{"http://h?b", ""},
		{"http://h/?", "`url` has an empty query, or one that is not percent-encoded. write for example `http://127.0.0.1:9000`"},
		{"http://h/?ü", "`url` has an empty query, or one that is not percent-encoded. write for example `http://127.0.0.1:9000`"},
		{"http://h/#", "`url` must not have a fragment. write for example `http://127.0.0.1:9000`"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			_, got, _ := strings.Cut(problems(t, api("{ path: / }", tt.url), nil), ": ")
			if got != tt.want {
				t.Errorf("problem = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRules(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{
			"ids differ",
			"apis:\n- { name: a, id: x, match: { path: /a }, upstream: { url: \"http://h\" } }\n- { name: b, id: x, match: { path: /b }, upstream: { url: \"http://h\" } }",
			"f:4:14: api id `x` is taken. the first is that of the api on line 3",
		},
		{
			"an id is not the name of another api",
			"apis:\n- { name: a, match: { path: /a }, upstream: { url: \"http://h\" } }\n- { name: b, id: a, match: { path: /b }, upstream: { url: \"http://h\" } }",
			"f:4:14: api id `a` is taken. the first is that of the api on line 3",
		},
		{
			"the same path on two hosts is two routes",
			"apis:\n- { name: a, match: { host: a, path: / }, upstream: { url: \"http://h\" } }\n- { name: b, match: { host: b, path: / }, upstream: { url: \"http://h\" } }",
			"",
		},
		{"unused plugins are fine", "plugins: { a: { runtime: builtin, entry: a } }", ""},
		{"a module has no entry", "plugins: { a: { runtime: wasm, source: a.wasm, entry: b } }", "f:2:48: `entry` does not apply to a wasm module. remove it: the module's exports are fixed"},
		{"a script has an entry", "plugins: { a: { runtime: wasm, source: a.js, entry: b } }", ""},
		{"sources run in order", "plugins: { a: { runtime: jsvm, source: [a.js, b.js, a.js], entry: a, preload: c.js } }", ""},
		{"one digest, several files", "plugins: { a: { runtime: jsvm, source: [a.js, b.js], entry: a, sha256: \"" + strings.Repeat("0", 64) + "\" } }", "f:2:64: `sha256` stands for one file, not for 2. remove it, or put the scripts into one file"},
		{"a list of one is one file", "plugins: { a: { runtime: jsvm, source: [a.js], entry: a, sha256: \"" + strings.Repeat("0", 64) + "\" } }", ""},
		{"modules are not listed", "plugins: { a: { runtime: wasm, source: [a.js, b.wasm], entry: a } }", "f:2:47: only scripts can be listed: `b.wasm` is none. give the plugin one module, or scripts only"},
		{"a list names files", "plugins: { a: { runtime: jsvm, source: [], entry: a } }", "f:2:40: `source` is empty. name the file of the plugin"},
		{"a module has no preload", "plugins: { a: { runtime: wasm, source: a.wasm, preload: b.js } }", "f:2:48: `preload` does not apply to a wasm module. remove it: only a script has one"},
		{"a step has no load policy", "plugins: { a: { runtime: builtin, entry: a, on_load_error: fault } }", "f:2:45: `on_load_error` does not apply to runtime builtin. remove it and correct the step's `config`"},
		{"load policies", "plugins: { a: { runtime: jsvm, source: a.js, entry: a, on_load_error: faults } }", "f:2:71: `on_load_error` must be refuse or fault, not `faults`. did you mean `fault`?"},
		{"internal apis share ids and routes", "apis:\n- { name: a, match: { path: / }, upstream: { url: \"http://h\" } }\n- { name: a@v1, id: a, internal: true, match: { path: / }, upstream: { url: \"http://h\" } }\n- { name: a@v2, id: a, internal: true, match: { path: / }, upstream: { url: \"http://h\" } }", ""},
		{"internal apis have names of their own", "apis:\n- { name: a, match: { path: / }, upstream: { url: \"http://h\" } }\n- { name: a, internal: true, match: { path: / }, upstream: { url: \"http://h\" } }", "f:4:11: api name `a` is taken. the first is on line 3"},
		{"internal apis have no host", "apis: [{ name: a, internal: true, match: { host: h, path: / }, upstream: { url: \"http://h\" } }]", "f:2:44: `host` does not apply to an internal api. remove it: only other apis reach this one, by its name"},
		{"internal apis do something", "apis: [{ name: a, internal: true, match: { path: / } }]", "f:2:8: missing `upstream` in api `a`. add it, or bind a virtual plugin to the whole path"},
		{"compat", "apis: [{ name: a, compat: tik, match: { path: / }, upstream: { url: \"http://h\" } }]", "f:2:27: `compat` must be native or tyk, not `tik`. did you mean `tyk`?"},
		{"exempt is a regular expression", "apis: [{ name: a, exempt: [{ path: \"a(\" }, { path: \"(?!a)\", method: get }], match: { path: / }, upstream: { url: \"http://h\" } }]", "f:2:36: `path` is no regular expression: missing closing ): `a(`\n" +
			"f:2:52: `path` is no regular expression: invalid or unsupported Perl syntax: `(?!`. look-around is not supported: see the syntax of RE2\n" +
			"f:2:69: `method` must be an HTTP method, not `get`. methods are upper case: `GET`, `POST`"},
		{"a pattern is a regular expression", "plugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { virtual: [{ pattern: \"[\", plugin: v }] } }]", "f:3:100: `pattern` is no regular expression: missing closing ]: `[`"},
		{"a path or a pattern", "plugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { virtual: [{ path: /, pattern: a, plugin: v }] } }]", "f:3:91: `path` cannot stand beside `pattern`. remove one of them"},
		{"a pattern twice", "plugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { virtual: [{ pattern: a, plugin: v }, { pattern: a, plugin: v }] } }]", "f:3:116: this path and method have a plugin already. the first is on line 3"},
		{"events have names", "plugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { event: [v, { plugin: v, on: [AuthFailur, Nothing] }] } }]", "f:3:108: there is no event `AuthFailur`. did you mean `AuthFailure`?\nf:3:120: there is no event `Nothing`"},
		{"subscribers are plugins", "plugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { event: [{ on: AuthFailure }, { plugin: w }] } }]", "f:3:87: missing `plugin` in an entry of `event`. name the plugin that is told\nf:3:118: plugin `w` is not defined. define it under `plugins`"},
		{"identities have a place", "coproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, id_extractor: { from: header } } }", "f:3:44: missing `name` in `id_extractor` of plugin `a`. name the header field or the parameter"},
		{"identities of a body", "coproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, id_extractor: { from: body, name: X, with: xpath } } }", "f:3:44: missing `xpath` in `id_extractor` of plugin `a`. write for example `//user/key`\nf:3:72: `name` does not apply to a body. remove it: the body has no name"},
		{"groups of an expression", "coproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, id_extractor: { from: form, name: X, with: regex, regex: \"(a)b\", match: 2, xpath: b } } }", "f:3:119: `xpath` needs `with: xpath`"},
		{"a step has no identity", "plugins: { a: { runtime: builtin, entry: a, id_extractor: { from: body } } }", "f:2:45: `id_extractor` does not apply to runtime builtin. only a process that checks keys can have one"},
		{"a script without entry", "plugins: { a: { runtime: wasm, source: a.js } }", "f:2:12: missing `entry` in plugin `a`. name the middleware object that the file defines"},
		{"plugins have names", "plugins: { \"\": { runtime: builtin, entry: a } }", "f:2:12: the name of a plugin must have 1 to 128 printable characters"},
		{"a plugin may fail open outside auth", "plugins: { a: { runtime: builtin, entry: a, on_fault: open } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { pre: a } }]", ""},
		{"own policy beats an open default", "defaults: { on_fault: open }\nplugins: { a: { runtime: builtin, entry: a, on_fault: closed } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { auth: a } }]", ""},
		{"no names are known without plugins", "plugins: []\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { auth: a } }]", "f:2:10: `plugins` must be a mapping, not a list"},
		{"both may take any port", "listen: \"127.0.0.1:0\"\nadmin: { listen: \"127.0.0.1:0\" }", ""},
		{"too many", "limits: { connections: 3000000000 }", "f:2:24: `connections` must be at most 2147483647, not `3000000000`"},
		{"a command has a program", "coproc: { command: [\"\", a] }", "f:2:20: `command` names no program. write the program and its arguments as a list: `[\"python3\", \"plugins/fraud.py\"]`"},
		{"names of variables", "coproc: { command: [a], env: { \"A=B\": c } }", "f:2:32: `A=B` is not the name of an environment variable"},
		{"a token is long", "admin: { listen: \":1\", token: short }", "f:2:31: `token` has 5 characters, and at least 16 are needed. make one with `openssl rand -hex 32`"},
		{"a socket has a file", "admin: { listen: \"unix:\" }", "f:2:18: `listen` names no file. write for example `unix:/run/sallyport/admin.sock`"},
		{"proxies are networks", "trusted_proxies: [10.0.0.0/8, \"::1\", lb.internal, 10.1.2.3/8]", "f:2:38: an entry of `trusted_proxies` must be an address or a CIDR prefix, not `lb.internal`. write for example `10.0.0.0/8` or `192.0.2.7`\nf:2:51: `10.1.2.3/8` in `trusted_proxies` has bits outside of its prefix. did you mean `10.0.0.0/8`?"},
		{"encoded paths", "apis: [{ name: a, match: { path: /, encoded: kept }, upstream: { url: \"http://h\" } }]", "f:2:46: `encoded` must be refuse or keep, not `kept`"},
		{"no is false", "apis: [{ name: a, match: { path: /, strip: no }, upstream: { url: \"http://h\" } }]", "f:2:44: `strip` must be true or false, not a string. did you mean `false`?"},
		{"an empty name", "plugins: {}\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { pre: [\"\"] } }]", "f:3:85: an entry of `pre` is empty. remove it"},
		{"large numbers", "limits: { connections: 18446744073709551615 }", "f:2:24: `connections` must be a whole number, not a number"},
		{"odd characters are quoted", "\"a\\nb\": 1", "f:2:1: unknown key \"a\\nb\" in the configuration. known here: version, listen, tls, admin, store, limits, timeouts, trusted_proxies, coproc, defaults, plugins, apis"},
		{"long words are cut", strings.Repeat("x", 300) + ": 1", "f:2:1: unknown key `" + strings.Repeat("x", 80) + "…` in the configuration. known here: version, listen, tls, admin, store, limits, timeouts, trusted_proxies, coproc, defaults, plugins, apis"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := problems(t, "version: 1\n"+tt.text+"\n", nil); got != tt.want {
				t.Errorf("problems =\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestLoadLooksForEveryFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	text := `version: 1
tls: { cert: c.pem, key: . }
store: { keys: keys.json }
coproc: { command: [a], dir: sallyport.yaml }
plugins: { a: { runtime: wasm, source: a.wasm } }
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(file, nil)
	if err == nil {
		t.Fatal("Load() accepted files that are not there")
	}
	got := strings.ReplaceAll(err.Error(), filepath.Dir(file), "DIR")
	got = strings.ReplaceAll(got, ". paths are relative to the folder of this file", "")
	want := "DIR/sallyport.yaml:2:14: certificate cannot be read: `DIR/c.pem`: no such file or directory\n" +
		"DIR/sallyport.yaml:2:26: key cannot be read: `DIR`: it is a folder\n" +
		"DIR/sallyport.yaml:3:16: file of keys cannot be read: `DIR/keys.json`: no such file or directory\n" +
		"DIR/sallyport.yaml:4:30: folder of the process cannot be read: `DIR/sallyport.yaml`: it is not a folder\n" +
		"DIR/sallyport.yaml:5:40: source of plugin `a` cannot be read: `DIR/a.wasm`: no such file or directory"
	if got != want {
		t.Errorf("Load() =\n%s\nwant\n%s", got, want)
	}
}
