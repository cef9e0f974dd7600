package hostapi_test

import (
	"testing"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

func TestARationEndsOnce(t *testing.T) {
	var r hostapi.Ration
	for i := range 7 {
		ok, first := r.Spend(hostapi.MaxLine - 1)
		if ok != (i < 4) || first != (i == 4) {
			t.Errorf("line %d: written %v, first to be dropped %v", i, ok, first)
		}
	}
}
