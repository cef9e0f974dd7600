package chain_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func TestBodiesAreBufferedForThoseWhoNeedThem(t *testing.T) {
	// wants needs the request body in post and the reply body in response.
	wants := func(limit int) *chain.Step {
		return &chain.Step{Name: "p", BodyLimit: limit, Plugin: plugin{declares: abi.Declaration{
			Hooks: abi.AllHooks, RequestBody: abi.SetOf(abi.Post), ReplyBody: abi.SetOf(abi.Response),
		}}}
	}
	none := func(limit int) *chain.Step { return &chain.Step{Name: "n", Plugin: plugin{}, BodyLimit: limit} }
	for _, tt := range []struct {
		name           string
		steps          steps
		request, reply bool
		limit          int
	}{
		{"nobody", steps{abi.Pre: none(5), abi.Post: none(5), abi.Response: none(5)}, false, false, 0},
		{"not in this hook", steps{abi.Pre: wants(5)}, false, false, 0},
		{"request", steps{abi.Post: wants(5)}, true, false, 5},
		{"reply", steps{abi.Response: wants(7)}, false, true, 7},
		{"both", steps{abi.Post: wants(5), abi.Response: wants(7)}, true, true, 5},
		{"smallest of those who need it", steps{abi.Pre: none(1), abi.Post: wants(9), abi.Response: wants(7)}, true, true, 7},
		{"no limit", steps{abi.Post: wants(0)}, true, false, 0},
		{"no limit beside a limit", steps{abi.Post: wants(0), abi.Response: wants(7)}, true, true, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := build(t, tt.steps)
			if c.RequestBody() != tt.request || c.ReplyBody() != tt.reply || c.BodyLimit() != tt.limit {
				t.Errorf("demand = %v, %v, %d, want %v, %v, %d",
					c.RequestBody(), c.ReplyBody(), c.BodyLimit(), tt.request, tt.reply, tt.limit)
			}
		})
	}
}

func TestBodyOfAVirtualPluginIsBuffered(t *testing.T) {
	c := build(t, nil, func(cfg *chain.Config) {
		cfg.Virtuals = []chain.Virtual{{Path: "/", Step: &chain.Step{Name: "v", Plugin: plugin{
			declares: abi.Declaration{Hooks: abi.SetOf(abi.Virtual), RequestBody: abi.SetOf(abi.Virtual)},
		}}}}
	})
	if !c.RequestBody() {
		t.Error("RequestBody() = false")
	}
}
