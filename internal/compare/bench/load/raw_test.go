package load_test

import (
	"net"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/bench/load"
)

// answeringRaw is one connection to a peer that allocates nothing itself.
func answeringRaw(t *testing.T) *load.Client {
	t.Helper()
	client, server := net.Pipe()
	go func() {
		buf, answer := make([]byte, 1024), []byte(ok)
		for {
			if _, err := server.Read(buf); err != nil {
				return
			}
			if _, err := server.Write(answer); err != nil {
				return
			}
		}
	}()
	c := load.Over(client)
	t.Cleanup(func() {
		_ = c.Close()
		_ = server.Close()
	})
	return c
}
