//go:build !race

package native

import (
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
)

func TestReadsAndEditsDoNotAllocate(t *testing.T) {
	g, x := newGuest(t, fuzzSpec(), abi.Pre)
	x.Session = &abi.Session{KeyID: "k", Rate: 1.5, Metadata: map[string]any{"a": "b"}}
	g.module.Memory().WriteString(0, "A key_id value rate HOME")
	g.do("kv_set", "A", "1", int64(0))
	g.module.Memory().WriteString(0, "A key_id value rate HOME")
	g.raw("http_request", make([]uint64, 8))
	for _, c := range []struct {
		name  string
		stack []uint64
	}{
		{"header_get", []uint64{0, 0, 1, 100, 10}},
		{"header_all", []uint64{0, 100, 1000}},
		{"header_set", []uint64{0, 0, 1, 9, 5}},
		{"request_get", []uint64{1, 100, 10}},
		{"request_body_read", []uint64{0, 100, 10}},
		{"session_get", []uint64{2, 6, 100, 10}},
		{"session_get", []uint64{15, 4, 100, 10}},
		{"metadata_get", []uint64{10, 1, 100, 10}},
		{"config_get", []uint64{0, 10, 1, 100, 10}},
		{"time_left", []uint64{0}},
		{"kv_get", []uint64{0, 1, 100, 10}},
		{"env_get", []uint64{20, 4, 100, 10}},
		{"metric_add", []uint64{15, 4, 0, 0, 0}},
		{"http_response_header", []uint64{0, 1, 100, 10}},
	} {
		var host func([]uint64)
		for _, f := range functions() {
			if f.name == c.name {
				fn := f.host()
				host = func(stack []uint64) { fn(g.ctx, g.module, stack) }
			}
		}
		stack := make([]uint64, 5)
		n := testing.AllocsPerRun(100, func() {
			x.Begin(abi.Pre, x.Deadline)
			copy(stack, c.stack)
			host(stack)
			if api.DecodeI32(stack[0]) < 0 {
				t.Fatalf("%s = %d", c.name, api.DecodeI32(stack[0]))
			}
			x.Discard()
		})
		if n != 0 {
			t.Errorf("%s allocates %v times", c.name, n)
		}
	}
}
