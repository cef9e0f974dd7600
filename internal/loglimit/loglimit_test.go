package loglimit_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/loglimit"
)

func TestTheLimiterReportsWhatItRefused(t *testing.T) {
	l := loglimit.New(2, time.Second)
	now := time.Now()
	for i := range 5 {
		if ok, dropped := l.Allow(now); ok != (i < 2) || dropped != 0 {
			t.Errorf("Allow() = %v, %d for line %d", ok, dropped, i)
		}
	}
	if ok, dropped := l.Allow(now.Add(time.Second)); !ok || dropped != 3 {
		t.Errorf("Allow() = %v, %d after a second, want true and 3 that were refused", ok, dropped)
	}
	if n := l.Dropped(); n != 0 {
		t.Errorf("Dropped() = %d, want 0: they were reported", n)
	}
}

func TestLinesAreAllowedOneByOneAfterABurst(t *testing.T) {
	l := loglimit.New(4, time.Second)
	now := time.Now()
	for range 5 {
		l.Allow(now)
	}
	later := now.Add(time.Second / 4)
	if ok, dropped := l.Allow(later); !ok || dropped != 1 {
		t.Errorf("Allow() = %v, %d after a quarter of a second, want true and 1", ok, dropped)
	}
	if ok, _ := l.Allow(later); ok {
		t.Error("Allow() = true for a second line")
	}
	if n := l.Dropped(); n != 1 {
		t.Errorf("Dropped() = %d, want 1", n)
	}
}
