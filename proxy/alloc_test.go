//go:build !race

package proxy_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
)

func TestRequestsDoNotAllocate(t *testing.T) {
	upstreamAddr := serveFast(t, origin())
	edit := plugin{hook: abi.Pre, call: editHeaders}
	reply := at(abi.Response, func(x *abi.Exchange) error {
		return x.SetHeader(abi.OfReply, []byte("X-Seen"), []byte("yes"))
	})
	for _, v := range []struct{ name, addr string }{
		{"bare", before(t, "http://"+upstreamAddr).addr},
		{"request hook", before(t, "http://"+upstreamAddr, edit).addr},
		{"both hooks", before(t, "http://"+upstreamAddr, edit, reply).addr},
		{"answering hook", before(t, "http://"+upstreamAddr, respond(abi.Pre, 200, "0123456789012345678901234567890123456789012345678901234567890123")).addr},
	} {
		if n := allocations(t, v.addr); n > 0 {
			t.Errorf("%s: %v allocations for a request", v.name, n)
		}
	}
}

func TestRouteLookUpDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, proxy.Finder(t, 10_000)); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
