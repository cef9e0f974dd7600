package store_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/store"
)

func TestCounterStartsAgainInANewWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		count := func(wantN int64, wantLeft time.Duration) {
			t.Helper()
			n, left, err := m.Count(never, "rate", "k1", time.Minute)
			if n != wantN || left != wantLeft || err != nil {
				t.Errorf("Count() = %d, %v, %v, want %d, %v", n, left, err, wantN, wantLeft)
			}
		}
		count(1, time.Minute)
		time.Sleep(20 * time.Second)
		count(2, 40*time.Second)
		time.Sleep(40 * time.Second)
		count(1, time.Minute)
	})
}

func TestCountersOfDifferentSpacesAndNamesAreApart(t *testing.T) {
	m := store.NewMemory()
	for _, id := range []struct{ space, id string }{{"rate", "k1"}, {"rate", "k2"}, {"quota", "k1"}, {"ratek", "1"}} {
		if n, _, err := m.Count(never, id.space, id.id, time.Minute); n != 1 || err != nil {
			t.Errorf("Count(%v) = %d, %v, want 1", id, n, err)
		}
	}
}

func TestCounterCanBeReadAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		peek := func(want int64, wantLeft time.Duration) {
			t.Helper()
			if n, left, err := m.Peek(never, "quota", "k1"); n != want || left != wantLeft || err != nil {
				t.Errorf("Peek() = %d, %v, %v, want %d, %v", n, left, err, want, wantLeft)
			}
		}
		peek(0, 0)
		_, _, _ = m.Count(never, "quota", "k1", time.Minute)
		time.Sleep(20 * time.Second)
		peek(1, 40*time.Second)
		peek(1, 40*time.Second)
		time.Sleep(40 * time.Second)
		peek(0, 0)
		_, _, _ = m.Count(never, "quota", "k1", time.Minute)
		must(t, m.Forget(never, "quota", "k1"))
		must(t, m.Forget(never, "quota", "k1"))
		peek(0, 0)
	})
}
