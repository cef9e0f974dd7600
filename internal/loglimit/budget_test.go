package loglimit_test

import (
	"testing"

	"github.com/c386954a/sallyport/internal/loglimit"
)

func TestARationEndsOnce(t *testing.T) {
	var b loglimit.Budget
	for i := range 7 {
		ok, first := b.Spend(loglimit.MaxLine - 1)
		if ok != (i < 4) || first != (i == 4) {
			t.Errorf("line %d: written %v, first to be dropped %v", i, ok, first)
		}
	}
}
