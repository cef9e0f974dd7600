//go:build !race

package store_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func TestLookUpsDoNotAllocate(t *testing.T) {
	m := store.NewMemory()
	key := []byte("secret")
	must(t, m.PutSession(never, key, &abi.Session{KeyID: "k1"}))
	must(t, m.Set(never, key, []byte("v"), time.Hour))
	for _, tt := range []struct {
		name string
		do   func()
	}{
		{"session", func() { _, _ = m.Session(never, key) }},
		{"value", func() { _, _, _, _ = m.Get(never, key) }},
		{"counter", func() { _, _, _ = m.Count(never, "rate", "k1", time.Hour) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, tt.do); n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}
