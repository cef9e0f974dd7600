package app_test

import (
	"net/http"
	"testing"
)

// FuzzReload reloads arbitrary texts. The gateway must live, a refused text
// must change nothing, and after any text the first one can come back.
//
// Texts with an external process are left out: a fuzzer must not start
// programs by chance.
func FuzzReload(f *testing.F) {
	for _, text := range []string{
		"", keyed, "listen: [", "listen: \"127.0.0.1:0\"\n", "admin: { listen: \"127.0.0.1:0\" }\n", "store: { keys: none.json }\n",
		"listen: \"127.0.0.1:0\"\nlimits: { uri: 1, connections: 1, body: 1 }\ntimeouts: { read_header: 1ns, write: 1ns, drain: 1ns }\n",
		"listen: \"127.0.0.1:0\"\ntls: { cert: keys.json, key: keys.json }\n",
		"listen: \"127.0.0.1:0\"\nplugins: { w: { runtime: wasm, source: keys.json }, j: { runtime: jsvm, source: keys.json, entry: a } }\n",
		"listen: \"127.0.0.1:0\"\nplugins: { t: { runtime: builtin, entry: transform, config: { set: { X-A: b } } } }\n" +
			"apis: [{ name: a, match: { path: /, host: A.example }, upstream: { url: UPSTREAM/b }, hooks: { pre: [t, t], response: t } }]\n",
		"listen: \"127.0.0.1:0\"\napis: [{ name: a, match: { path: / } }, { name: a, match: { path: / }, upstream: { url: UPSTREAM } }]\n",
	} {
		f.Add(text)
	}
	in := install(f, keyed, map[string]string{"keys.json": `[{"key": "stays", "session": {}}]`})
	url := "http://" + in.ls.Public.Addr().String()
	works := func(t *testing.T, after string) {
		t.Helper()
		for key, want := range map[string]int{"stays": http.StatusOK, "none": http.StatusForbidden} {
			if got := in.status(t, url, "Authorization", key); got != want {
				t.Errorf("key %s gets %d after %q, want %d", key, got, after, want)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := in.parse(text)
		if err != nil || cfg.Coproc != nil {
			return
		}
		was := in.Generation()
		old, err := in.Reload(t.Context(), cfg)
		if err != nil {
			if in.Generation() != was {
				t.Errorf("%q was refused, and the generation is another", text)
			}
			works(t, text)
			return
		}
		if err := old.Drain(t.Context()); err != nil {
			t.Errorf("draining before %q: %v", text, err)
		}
		if err := in.reload(t, keyed); err != nil {
			t.Fatalf("the first text does not come back after %q: %v", text, err)
		}
		works(t, text)
	})
}
