package chain_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func TestVirtualIsChosenByMethodAndPath(t *testing.T) {
	c := build(t, nil, func(cfg *chain.Config) {
		cfg.Virtuals = []chain.Virtual{
			{Method: "GET", Path: "/hello", Step: step("get", respond(201))},
			{Path: "/hello", Step: step("any", respond(202))},
			{Path: "/below/", Step: step("below", respond(203))},
		}
	})
	for _, tt := range []struct {
		method, uri string
		want        int
	}{
		{"GET", "/hello", 201},
		{"GET", "/hello?x=/below/", 201},
		{"POST", "/hello", 202},
		{"get", "/hello", 202},
		{"GET", "/hello/", 0},
		{"GET", "/Hello", 0},
		{"GET", "/hell%6f", 201},
		{"GET", "/x/..//hello", 201},
		{"GET", "/hello%2fx", 0},
		{"GET", "/below/", 203},
		{"GET", "/below/a/b?c", 203},
		{"GET", "/below", 0},
		{"GET", "/belowx", 0},
		{"GET", "/", 0},
		{"GET", "", 0},
	} {
		t.Run(tt.method+" "+tt.uri, func(t *testing.T) {
			x := request(tt.method, tt.uri)
			v, err := c.HandleRequest(x)
			if err != nil || x.Reply.Status != tt.want || (v == chain.Answered) != (tt.want > 0) {
				t.Errorf("HandleRequest() = %v, %v, status %d, want %d", v, err, x.Reply.Status, tt.want)
			}
		})
	}
}

func TestResponseHookSeesTheVirtualReply(t *testing.T) {
	c := build(t, steps{abi.Virtual: step("v", respond(404)), abi.Response: step("r", func(x *abi.Exchange) (abi.Verdict, error) {
		return abi.Continue, x.SetStatus(x.Reply.Status + 6)
	})})
	x := request("GET", "/orders")
	if v, err := c.HandleRequest(x); v != chain.Answered || err != nil || x.Reply.Status != 410 {
		t.Errorf("HandleRequest() = %v, %v, status %d, want 410", v, err, x.Reply.Status)
	}
}

func TestFaultOfTheResponseHookAfterAVirtualReply(t *testing.T) {
	c := build(t, steps{abi.Virtual: step("v", respond(404)), abi.Response: step("r", fail)})
	if v, err := c.HandleRequest(request("GET", "/orders")); v != chain.Failed || abi.KindOf(err) != abi.Gone || err == nil {
		t.Errorf("HandleRequest() = %v, %v, want the fault", v, err)
	}
}

func TestOpenVirtualFallsBackToTheUpstream(t *testing.T) {
	s := step("v", fail)
	s.OnFault = chain.Open
	if v, err := build(t, steps{abi.Virtual: s}).HandleRequest(request("GET", "/orders")); v != chain.Forward || err != nil {
		t.Errorf("HandleRequest() = %v, %v, want continue", v, err)
	}
}
