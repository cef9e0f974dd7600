package jsvm_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// silent is the environment variable with the URL of a server that never
// answers.
const silent = "SALLYPORT_JSVM_SILENT"

// attacks are what a script may do to the gateway, in a call of one second and
// with a limit of 64 MiB. Wanted is what happens to it, not what would be best:
// README.md says what that means.
var attacks = map[string]scenario{
	"endless loop":                {body: `for (;;) {}`, want: []string{"timeout"}},
	"endless recursion":           {body: `function f() { f(); } f();`, want: []string{"trap"}},
	"recursion, caught":           {body: `function f() { try { f(); } catch (e) { f(); } } f();`, want: []string{"timeout", "trap"}},
	"server that never answers":   {body: `TykMakeHttpRequest(JSON.stringify({Domain: spec.config_data.silent}));`, want: []string{"timeout"}},
	"list that grows":             {body: `var a = []; while (true) { a.push({n: a.length}); }`, want: []string{"limit", "timeout"}},
	"string of 1 GiB, doubled":    {body: `var s = "x"; while (s.length < 1 << 30) { s += s; } return m.ReturnData(request, {});`, want: []string{"trap"}},
	"string of 1 GiB, in 4 steps": {body: `var s = Array(1025).join("x"); for (var i = 0; i < 4; i++) { s = Array(33).join(s); } return m.ReturnData(request, {});`, want: []string{"trap"}},
	"regular expression":          {body: `/^(a+)+$/.test(Array(100000).join("a") + "b"); return m.ReturnData(request, {});`, want: []string{"done"}},
	"native step of seconds":      {body: `Array(6e6).join("x");`, want: []string{"trap"}},
}

func TestAttacks(t *testing.T) {
	url, _ := silence(t)
	t.Setenv(silent, url)
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		t.Run(name, func(t *testing.T) {
			got := inProcess(t, name)
			t.Log(got)
			if kind, _, _ := strings.Cut(got, " "); !slices.Contains(attacks[name].want, kind) {
				t.Errorf("%s, want %v", got, attacks[name].want)
			}
		})
	}
}
