package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/config"
)

func TestBreaker(t *testing.T) {
	usual, three := breaker(), breaker()
	three.Timeouts = 3
	for _, tt := range []struct {
		name, defaults, plugin string
		want                   *config.BreakerSettings
	}{
		{"nothing", "{}", "", usual},
		{"off for one", "{}", ", breaker: off", nil},
		{"off for all", "{ breaker: off }", "", nil},
		{"on for one", "{ breaker: off }", ", breaker: on", usual},
		{"settings of all", "{ breaker: { timeouts: 3 } }", "", three},
		{"on keeps the settings of all", "{ breaker: { timeouts: 3 } }", ", breaker: on", three},
		{
			"settings of one", "{ breaker: { timeouts: 3, pause: 5s } }", ", breaker: { pause: 2s, window: 1m, max_pause: 1h }",
			&config.BreakerSettings{Timeouts: 3, Window: time.Minute, Pause: 2 * time.Second, MaxPause: time.Hour},
		},
		{"settings where all are off", "{ breaker: off }", ", breaker: { timeouts: 3 }", three},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "version: 1\ndefaults: " + tt.defaults + "\nplugins: { a: { runtime: wasm, source: a.wasm" + tt.plugin + " } }\n"
			c, err := config.Parse("f", []byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := schemaError(compile(t), []byte(text)); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, c.Plugin("a").Breaker); diff != "" {
				t.Errorf("breaker (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBreakerMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"defaults: { breaker: offf }":                                         "f:2:22: `breaker` must be on or off, not `offf`. did you mean `off`?",
		"defaults: { breaker: { timeouts: 0 } }":                              "f:2:34: `timeouts` must be at least 1, not `0`",
		"defaults: { breaker: { pauses: 1s } }":                               "f:2:24: unknown key `pauses` in `breaker` of `defaults`. did you mean `pause`?",
		"defaults: { breaker: { window: 0s } }":                               "f:2:32: `window` must be more than 0, not `0s`",
		"plugins: { a: { runtime: builtin, entry: key_auth, breaker: off } }": "f:2:52: `breaker` does not apply to runtime builtin. remove it",
	} {
		if got := problems(t, "version: 1\n"+text+"\n", nil); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}
