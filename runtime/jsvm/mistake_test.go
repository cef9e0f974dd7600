package jsvm_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// Closing a runtime waits for scripts that are being loaded: a test below that
// is not bounded runs into the time limit of go test. No clock is looked at.

func TestMistakesWithoutEndDoNotTakeForEver(t *testing.T) {
	half := handler("") + strings.Repeat("f(1, [2]);\n", 1e4)
	for name, c := range map[string]struct{ script, want string }{
		"at once":     {strings.Repeat("1 1 ", 1<<20), "refused: script.js:1:3: SyntaxError: Unexpected number"},
		"words":       {strings.Repeat("This is no script.\n", 2e5), "refused: script.js:1:6: SyntaxError: Unexpected identifier"},
		"later":       {half + strings.Repeat("1 1 ", 1<<13), "refused: script.js:10005:3: SyntaxError: Unexpected number"},
		"in a block":  {half + "{{{\n" + strings.Repeat("1 1 ", 1<<13), "refused: script.js:10006:3: SyntaxError: Unexpected number"},
		"one, at end": {half + "1 1", "refused: script.js:10005:3: SyntaxError: Unexpected number"},
		"not closed":  {half + "f(", "refused: script.js:10005:3: SyntaxError: Unexpected end of input"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m"}, c.script); got != c.want {
				t.Errorf("Load() = %s, want %s", got, c.want)
			}
		})
	}
}

func TestMistakesInCodeMadeAtRunTime(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"many":  {`Array(16000).join("1 1 ")`, "true: <made>:1:3: SyntaxError: Unexpected number"},
		"later": {`Array(5000).join("f(1);\n") + Array(8000).join("1 1 ")`, "true: <made>:5000:3: SyntaxError: Unexpected number"},
		"open":  {`Array(60000).join("[")`, "true: <made>:1: SyntaxError: the script is nested too deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := says(t, jsvm.Config{}, "", thrownBy("eval("+c.code+");")); got != c.want {
				t.Errorf("eval throws %q, want %q", got, c.want)
			}
		})
	}
}
