//go:build !race

package proxy_test

import (
	"net"
	"testing"

	"github.com/c386954a/sallyport/internal/longtest"
)

// TestWithheldBodiesCostWhatTheySent looks at the memory of a gateway in a
// process of its own whose clients keep the last bytes of their bodies back. The
// race detector would count there, too.
func TestWithheldBodiesCostWhatTheySent(t *testing.T) {
	const size = 1_000_000
	clients := 100
	if longtest.Enabled() {
		clients = 400
	}
	p := spawn(t, "gateway+body", "127.0.0.1:1")
	beforehand := p.memory(t, "VmRSS")
	conns := make([]net.Conn, clients)
	for i := range conns {
		conns[i] = withhold(t, p.addr, size)
	}
	sent := int64(clients) * size
	grown := func() int64 { return p.memory(t, "VmRSS") - beforehand }
	eventually(t, "all bodies have arrived", func() bool { return p.bodies(t) >= sent-int64(clients)*1000 })
	most := p.memory(t, "VmHWM") - beforehand
	t.Logf("%d bytes sent; resident memory grew by %d, at most %d", sent, grown(), most)
	// A connection has buffers of its own and a goroutine, about 32 KiB.
	if limit := sent + sent/5 + int64(clients)<<15 + 8<<20; most > limit {
		t.Errorf("resident memory grew by %d MiB, want at most %d", most>>20, limit>>20)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	eventually(t, "no body is left", func() bool { return p.bodies(t) == 0 })
	eventually(t, "the memory is given back", func() bool { return grown() < sent/4 })
}
