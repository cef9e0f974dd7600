package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/store"
)

const looping = `version: 1
plugins:
  l: { runtime: jsvm, source: l.js, entry: m, timeout: 20ms, breaker: BREAKER }
apis: [{ name: a, match: { path: / }, upstream: { url: "http://127.0.0.1:1" }, hooks: { pre: l } }]
`

// TestAPluginThatLoopsIsNoLongerCalled is for finding 7 of issue 12.
func TestAPluginThatLoopsIsNoLongerCalled(t *testing.T) {
	for breaker, want := range map[string][]string{
		"{ timeouts: 2, pause: 1h }": {"timeout", "timeout", "unavailable", "unavailable"},
		"off":                        {"timeout", "timeout", "timeout", "timeout"},
	} {
		t.Run(breaker, func(t *testing.T) {
			dir := t.TempDir()
			script := "var m = new TykJS.TykMiddleware.NewMiddleware({});\nm.NewProcessRequest(function() { while (true) {} });\n"
			if err := os.WriteFile(filepath.Join(dir, "l.js"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			text := strings.Replace(looping, "BREAKER", breaker, 1)
			cfg, err := config.Parse(filepath.Join(dir, "sallyport.yaml"), []byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			var lines strings.Builder
			logger := zerolog.New(&lines)
			st, err := store.Open("memory:")
			if err != nil {
				t.Fatal(err)
			}
			g, err := app.Load(t.Context(), cfg, app.Options{Store: st, Logger: &logger})
			if err != nil {
				t.Fatal(err)
			}
			for i, kind := range want {
				x := &abi.Exchange{}
				x.Request.Method, x.Request.URI, x.Request.Host = []byte("GET"), []byte("/"), []byte("a")
				if _, err := g.Chains()[0].HandleRequest(x); err == nil || abi.KindOf(err).String() != kind {
					t.Errorf("request %d: %v, want %s", i+1, err, kind)
				}
			}
			if err := g.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
			opened := strings.Count(lines.String(), "breaker opened")
			faults := strings.Count(lines.String(), "plugin fault")
			if off := breaker == "off"; off && (opened != 0 || faults != 4) || !off && (opened != 1 || faults != 2) {
				t.Errorf("%d lines of the breaker and %d of faults in\n%s", opened, faults, lines.String())
			}
		})
	}
}
