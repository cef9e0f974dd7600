package coproc

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/telemetry"
)

func TestAMetricThatWouldBreakAScrapeIsRefusedWithAReason(t *testing.T) {
	s := stats{metrics: telemetry.Registry{Max: maxMetrics}}
	for _, c := range []struct{ params, want string }{
		{`{"name":"x","kind":"counter","value":1}`, ""},
		{`{"name":"x_total","kind":"gauge","value":1}`, `metric name "x_total": exporters append _total`},
		{`{"name":"x","kind":"counter","value":1,"labels":{"plugin":"other"}}`, `label name "plugin" is reserved`},
		{`{"name":"x","kind":"meter","value":1}`, `metric kind "meter": want counter or gauge`},
		{`{"name":"x","kind":"counter","value":-1}`, "a counter cannot fall"},
	} {
		err := s.note([]byte(c.params))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("note(%s) = %v, want %q", c.params, err, c.want)
		}
	}
	if all := s.measured(); len(all) != 1 || all[0].Value != 1 {
		t.Errorf("measured() = %v, want x alone", all)
	}
}
