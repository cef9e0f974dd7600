package abitest_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// TestSDKsKeepTheirMemoryBounded lets one instance read bodies that grow
// slowly, the way to fragment a memory that is only ever enlarged. A hook needs
// twice its body. Without an allocator beside it the buffer grows in place, and
// that is all; otherwise outgrown buffers add up to one more of their size.
func TestSDKsKeepTheirMemoryBounded(t *testing.T) {
	const step, largest = 50_000, 1_000_000
	for name, limit := range map[string]int64{"C": 2_500_000, "CWithLibc": 8 << 20, "Rust": 8 << 20, "RustOnWasi": 8 << 20} {
		t.Run(name, func(t *testing.T) {
			oneVariant(t, name)
			p := loadLimited(t, sdkGuests()[name].build(t, "conform"), limit)
			for size := step; size <= largest; size += step {
				x := appending(size)
				callGranted(t, p, x, abi.Pre)
				if len(x.Request.Body) != size+1 {
					t.Errorf("body has %d bytes, want %d", len(x.Request.Body), size+1)
				}
			}
		})
	}
}

// appending returns an exchange whose script appends a byte to the body.
func appending(size int) *abi.Exchange {
	x := grantedExchange()
	x.API.Config = []byte(`{"script": {"pre": ["append-request-body 21"]}}`)
	x.Request.Body = bytes.Repeat([]byte("x"), size)
	return x
}

func loadLimited(t *testing.T, guest string, memory int64) abi.Plugin {
	t.Helper()
	r, err := wasm.New(t.Context(), wasm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	x := appending(0)
	p, err := r.Load(t.Context(), abi.Spec{
		Name: "conform", Source: guest, Hooks: abi.SetOf(abi.Pre), APIs: []*abi.API{x.API},
		Instances: abi.Instances{Mode: abi.Pooled, Max: 1},
		Limits:    abi.Limits{Memory: memory, MaxBody: 4 << 20, Timeout: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}
