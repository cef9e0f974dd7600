package wasm_test

import (
	"context"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// TestUnloadingGivesEverythingBack loads and closes a plugin 1,000 times, as
// reloads do, or 100 times unless long tests were asked for.
func TestUnloadingGivesEverythingBack(t *testing.T) {
	rounds := 1000
	if !longtest.Enabled() {
		rounds = 100
	}
	r := newRuntime(t, wasm.Config{})
	var memory int64
	var maps, files int
	for n := range rounds {
		loadAndClose(t, r)
		if n == rounds/10 {
			memory, maps, files = resident(), mappings(), descriptors()
		}
	}
	t.Logf("resident %d → %d KiB, mappings %d → %d, descriptors %d → %d",
		memory>>10, resident()>>10, maps, mappings(), files, descriptors())
	if now := resident(); now > memory+16<<20 {
		t.Errorf("resident memory grew from %d to %d KiB", memory>>10, now>>10)
	}
	if now := mappings(); now > maps+20 {
		t.Errorf("mappings grew from %d to %d", maps, now)
	}
	if now := descriptors(); now > files+2 {
		t.Errorf("descriptors grew from %d to %d", files, now)
	}
}

func loadAndClose(t *testing.T, r *wasm.Runtime) {
	t.Helper()
	p, err := r.Load(context.Background(), headersSpec(abi.Fresh))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call(p, exchange(), abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}
