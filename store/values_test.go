package store_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/store"
)

func TestValueLivesUntilItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		must(t, m.Set(never, []byte("k"), []byte("v"), time.Minute))
		must(t, m.Set(never, []byte("for ever"), []byte("v"), 0))

		time.Sleep(time.Minute - time.Nanosecond)
		if value, expires, ok, _ := m.Get(never, []byte("k")); !ok || string(value) != "v" || time.Until(expires) != 1 {
			t.Errorf("Get() just before the end = %q, %v, %v", value, expires, ok)
		}
		time.Sleep(time.Nanosecond)
		if _, _, ok, _ := m.Get(never, []byte("k")); ok {
			t.Error("Get() at the end found the value")
		}
		if _, expires, ok, _ := m.Get(never, []byte("for ever")); !ok || !expires.IsZero() {
			t.Errorf("Get() without a time to live = %v, %v", expires, ok)
		}
	})
}

func TestSetKeepsACopy(t *testing.T) {
	m := store.NewMemory()
	value := []byte("before")
	must(t, m.Set(never, []byte("k"), value, 0))
	copy(value, "after!")
	if value, _, _, _ := m.Get(never, []byte("k")); string(value) != "before" {
		t.Errorf("Get() = %q, want the value at the time of Set()", value)
	}
}

func TestAddClaimsAKeyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		for i, want := range []bool{true, false} {
			if ok, err := m.Add(never, []byte("k"), fmt.Append(nil, i), time.Second); ok != want || err != nil {
				t.Errorf("Add() number %d = %v, %v, want %v", i, ok, err, want)
			}
		}
		if value, _, _, _ := m.Get(never, []byte("k")); string(value) != "0" {
			t.Errorf("Get() = %q, want the first value", value)
		}
		time.Sleep(time.Second)
		if ok, _ := m.Add(never, []byte("k"), nil, 0); !ok {
			t.Error("Add() after the claim has expired = false")
		}
	})
}

func TestIncrKeepsTheFirstTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		for _, want := range []int64{5, 10} {
			if n, err := m.Incr(never, []byte("k"), 5, time.Minute); n != want || err != nil {
				t.Errorf("Incr() = %d, %v, want %d", n, err, want)
			}
			time.Sleep(30 * time.Second)
		}
		if n, _ := m.Incr(never, []byte("k"), -1, 0); n != -1 {
			t.Errorf("Incr() after a minute = %d, want -1", n)
		}
	})
}

func TestIncrRefusesWhatItCannotAdd(t *testing.T) {
	m := store.NewMemory()
	for _, tt := range []struct {
		value string
		delta int64
	}{
		{"ten", 1},
		{"", 1},
		{"1.5", 1},
		{strconv.Itoa(math.MaxInt64), 1},
		{strconv.Itoa(math.MinInt64), -1},
	} {
		t.Run(tt.value, func(t *testing.T) {
			must(t, m.Set(never, []byte("k"), []byte(tt.value), 0))
			if n, err := m.Incr(never, []byte("k"), tt.delta, 0); !errors.Is(err, store.ErrNumber) {
				t.Errorf("Incr() = %d, %v, want ErrNumber", n, err)
			}
			if value, _, _, _ := m.Get(never, []byte("k")); string(value) != tt.value {
				t.Errorf("value = %q, want it unchanged", value)
			}
		})
	}
}

func TestKeysAndValuesHaveLimits(t *testing.T) {
	m := store.NewMemory()
	for _, tt := range []struct {
		name       string
		key, value int
		want       error
	}{
		{"empty key", 0, 1, store.ErrKey},
		{"longest key", store.MaxKey, 1, nil},
		{"key too long", store.MaxKey + 1, 1, store.ErrKey},
		{"empty value", 1, 0, nil},
		{"longest value", 1, store.MaxValue, nil},
		{"value too long", 1, store.MaxValue + 1, store.ErrValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := m.Set(never, make([]byte, tt.key), make([]byte, tt.value), 0)
			if !errors.Is(err, tt.want) {
				t.Errorf("Set() = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestFullStoreTakesNothingUntilValuesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := store.NewMemory()
		value := make([]byte, store.MaxValue)
		var err error
		n := 0
		for ; err == nil; n++ {
			err = m.Set(never, fmt.Append(nil, n), value, time.Minute)
		}
		if !errors.Is(err, store.ErrFull) || n < store.MaxBytes/(store.MaxValue+store.MaxKey) {
			t.Fatalf("Set() number %d = %v, want ErrFull later", n, err)
		}
		must(t, m.Del(never, []byte("0")))
		must(t, m.Set(never, []byte("0"), value, time.Minute))

		time.Sleep(time.Minute)
		must(t, m.Set(never, []byte("0"), value, 0))
		must(t, m.Set(never, []byte("new"), value, 0))
	})
}

func TestDelOfAnAbsentKeyIsNoError(t *testing.T) {
	must(t, store.NewMemory().Del(never, []byte("k")))
}

func TestConcurrentIncrLosesNothing(t *testing.T) {
	m := store.NewMemory()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				_, _ = m.Incr(never, []byte("k"), 1, time.Hour)
				_ = m.Set(never, fmt.Append(nil, i), []byte("v"), time.Nanosecond)
			}
		})
	}
	all.Wait()
	if n, err := m.Incr(never, []byte("k"), 0, 0); n != 800 || err != nil {
		t.Errorf("sum = %d, %v, want 800", n, err)
	}
}
