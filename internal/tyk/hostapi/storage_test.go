package hostapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
	"github.com/c386954a/sallyport/store"
)

func storing(v hostapi.Values, key string) *hostapi.Storing {
	return hostapi.NewStoring(v, time.Now().Add(time.Minute), key)
}

func TestScriptsKeysHaveAPrefix(t *testing.T) {
	memory := store.NewMemory()
	long := strings.Repeat("k", 256)
	for key, want := range map[string]string{
		"k":  "jsvm:k:k",
		long: "jsvm:h:ce16fe78208a4e93f7158e62393680e025b2ad584f4e875ce903a654bb74cf93",
	} {
		if err := storing(memory, key).Set([]byte("v"), 0); err != nil {
			t.Fatal(err)
		}
		if v, _, ok, err := memory.Get(time.Now().Add(time.Minute), []byte(want)); err != nil || !ok || string(v) != "v" {
			t.Errorf("%.9s… is not stored as %s: %q, %v", key, want, v, err)
		}
	}
}

func TestTTLOfAKey(t *testing.T) {
	memory := store.NewMemory()
	s := storing(memory, "k")
	for _, step := range []struct {
		ttl  time.Duration
		want int64
	}{{-1, -2}, {0, -1}, {100 * time.Second, 100}} { // a slow machine may see less than 100
		if step.ttl >= 0 {
			if err := s.Set([]byte("v"), step.ttl); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.TTL(); err != nil || got != step.want && (got <= 0 || got > step.want) {
			t.Errorf("TTL() = %d, %v; want %d", got, err, step.want)
		}
	}
}

func TestParseTTL(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "7": 7 * time.Second} {
		if got, err := hostapi.ParseTTL(text); err != nil || got != want {
			t.Errorf("ParseTTL(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "1.5", "x", "9223372037", "NaN"} {
		if got, err := hostapi.ParseTTL(text); err == nil {
			t.Errorf("ParseTTL(%q) = %v, want an error", text, got)
		}
	}
}

func TestLimitsOfStorage(t *testing.T) {
	for key, valid := range map[string]bool{"": false, "k": true, strings.Repeat("k", 256): true, strings.Repeat("k", 257): false} {
		if err := hostapi.CheckStorageKey(key); (err == nil) != valid {
			t.Errorf("CheckStorageKey of %d bytes = %v", len(key), err)
		}
	}
	for size, valid := range map[int]bool{0: true, 64 << 10: true, 64<<10 + 1: false} {
		if err := hostapi.CheckStorageValue(make([]byte, size)); (err == nil) != valid {
			t.Errorf("CheckStorageValue of %d bytes = %v", size, err)
		}
	}
}
