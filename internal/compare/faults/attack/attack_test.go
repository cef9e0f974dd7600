package attack_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// TestEveryFaultHasItsAttack: as a module that the sandbox takes, and in the
// script.
func TestEveryFaultHasItsAttack(t *testing.T) {
	p := attack.Params{Slow: "http://127.0.0.1:1/slow", Target: "http://127.0.0.1:2/forbidden", File: "/tmp/canary", Secret: "SECRET"}
	for _, f := range faults.Faults() {
		module := attack.Module(f.ID, p)
		if module == nil {
			t.Errorf("%s: no module", f.ID)
			continue
		}
		if _, _, err := rewrite.Rewrite(module, rewrite.Options{}); err != nil {
			t.Errorf("%s: %v", f.ID, err)
		}
		if !bytes.Contains(attack.Script, []byte(`"`+f.ID+`":`)) {
			t.Errorf("%s: not in the script", f.ID)
		}
	}
	if attack.Module("none", p) != nil {
		t.Error("there is a module for a fault that there is not")
	}
}

// TestScriptsAreOldJavaScript: the legacy VM knows no newer one.
func TestScriptsAreOldJavaScript(t *testing.T) {
	for _, word := range []string{"=>", "`", "let ", "const "} {
		if strings.Contains(string(attack.Script), word) {
			t.Errorf("the script has %q", word)
		}
	}
}
