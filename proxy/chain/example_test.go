package chain_test

import (
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func Example() {
	cfg := chain.Config{API: &abi.API{Name: "orders"}}
	cfg.Steps[abi.Pre] = []*chain.Step{{
		Name: "flaky",
		Plugin: plugin{call: func(x *abi.Exchange) (abi.Verdict, error) {
			_ = x.SetHeader(abi.OfRequest, []byte("X-Half"), []byte("done"))
			return abi.Continue, abi.Errorf(abi.Trap, "out of luck")
		}},
		OnFault: chain.Open,
	}}
	c, err := chain.New(cfg)
	if err != nil {
		panic(err)
	}
	defer c.Close()

	var x abi.Exchange
	v, err := c.HandleRequest(&x)
	fmt.Println(v, err, len(x.Request.Header))
	for s := range c.Steps() {
		n := s.Stats().Snapshot()
		fmt.Println(s.Name, s.Hook(), n.Calls, n.FaultCount(), n.Skipped)
	}
	// Output:
	// forward <nil> 0
	// flaky pre 1 1 1
}
