//go:build !race

package sallyport

import "testing"

func TestGrantedFunctionsDoNotAllocateOnceWarm(t *testing.T) {
	f := Fake{
		KV: map[string]string{"k": "v"}, Env: map[string]string{"E": "e"},
		Metrics: map[string]float64{"hits": 0},
	}
	x := f.Exchange()
	n := testing.AllocsPerRun(100, func() {
		x.begin()
		v, err := x.KV.Get("k")
		if !v.Is("v") || err != nil || !x.Env("E").Is("e") || x.Metrics.Add("hits", 1) != nil {
			t.Fatal("a value is wrong")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
