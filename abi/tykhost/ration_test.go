package tykhost_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi/tykhost"
)

func TestARationEndsOnce(t *testing.T) {
	var r tykhost.Ration
	for i := range 7 {
		ok, first := r.Spend(tykhost.MaxLine - 1)
		if ok != (i < 4) || first != (i == 4) {
			t.Errorf("line %d: written %v, first to be dropped %v", i, ok, first)
		}
	}
}
