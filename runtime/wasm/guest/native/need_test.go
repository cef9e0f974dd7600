package native_test

import (
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

func TestNeedTellsWhatAFunctionMustBeGranted(t *testing.T) {
	for name, want := range map[string]string{"header_get": "", "kv_get": "kv", "http_request": "http", "env_get": "env"} {
		if got, ok := native.Need(name); got != want || !ok {
			t.Errorf("Need(%s) = %q, %v, want %q", name, got, ok, want)
		}
	}
	if got, ok := native.Need("file_open"); ok {
		t.Errorf("Need(file_open) = %q, want none", got)
	}
}

func TestGrantLineNamesAllThatIsNeeded(t *testing.T) {
	want := `allow: { kv: ["PREFIX:*"], env: ["NAME"] }`
	if got := native.GrantLine([]string{"env", "kv"}); got != want {
		t.Errorf("GrantLine() = %s, want %s", got, want)
	}
}
