package js_test

import (
	"os"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/guest/js"
)

func TestTheEngineIsTheOneThatWasPinned(t *testing.T) {
	binary, err := js.Engine()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(binary), "\x00asm") {
		t.Error("the engine is no WebAssembly module")
	}
}

func TestTheScriptThatFetchesTheEngineKnowsItsDigest(t *testing.T) {
	text, err := os.ReadFile("fetch.sh")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), js.Digest) {
		t.Errorf("fetch.sh does not name %s", js.Digest)
	}
}

func TestLicencesAreBesideTheEngine(t *testing.T) {
	for name, want := range map[string]string{
		"LICENSE.quickjs-wasi": "Vercel",
		"LICENSE.quickjs-ng":   "Fabrice Bellard",
	} {
		text, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), "Permission is hereby granted") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
