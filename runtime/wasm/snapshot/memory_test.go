package snapshot_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// systems are the machines a test pretends to run on.
func systems() map[string]snapshot.Capabilities {
	full := snapshot.Probe()
	noScan, noPagemap, noImage, strict := full, full, full, full
	noScan.PageScan = false
	noPagemap.PageScan, noPagemap.Pagemap = false, false
	noImage.PageScan, noImage.Pagemap, noImage.Image = false, false, false
	strict.CommitOnGrow = true
	return map[string]snapshot.Capabilities{
		"everything":        full,
		"no page scan":      noScan,
		"no page map":       noPagemap,
		"no image":          noImage,
		"strict overcommit": strict,
		"nothing":           {},
	}
}

func TestMemoryGrowsUpToItsLimitOnly(t *testing.T) {
	for name, caps := range systems() {
		t.Run(name, func(t *testing.T) {
			g := tinyGuest()
			g.limit = 5*snapshot.PageSize + 1 // rounded down
			c := newKit(t, caps, g).instance(t)
			defer c.close(t)
			if got := int32(c.call(t, fnGrow, 3)); got != 2 {
				t.Errorf("grow(3) = %d, want the old size 2", got)
			}
			c.call(t, fnStore, 5*snapshot.PageSize-4, 1)
			if c.memory.Refused() {
				t.Error("Refused() after growth within the limit")
			}
			if got := int32(c.call(t, fnGrow, 1)); got != -1 {
				t.Errorf("grow(1) at the limit = %d, want -1", got)
			}
			if !c.memory.Refused() {
				t.Error("not Refused() after growth beyond the limit")
			}
			c.memory.ClearRefused()
			if got := c.call(t, fnSize); got != 5 || c.memory.Refused() {
				t.Errorf("size = %d pages, want 5 and nothing refused", got)
			}
		})
	}
}

func TestMemoryKeepsItsContentWhileItGrows(t *testing.T) {
	for name, caps := range systems() {
		t.Run(name, func(t *testing.T) {
			c := newKit(t, caps, tinyGuest()).instance(t)
			defer c.close(t)
			for page := uint64(2); page < 40; page++ {
				c.call(t, fnStore, page*snapshot.PageSize-4, page)
				c.call(t, fnGrow, 1)
				if v := c.call(t, fnLoad, (page+1)*snapshot.PageSize-4); v != 0 {
					t.Fatalf("page %d starts with %#x", page, v)
				}
			}
			for page := uint64(2); page < 40; page++ {
				if v := c.call(t, fnLoad, page*snapshot.PageSize-4); v != page {
					t.Fatalf("page %d holds %d", page, v)
				}
			}
		})
	}
}

func TestReservedMemoryDoesNotMoveWhenItGrows(t *testing.T) {
	caps := snapshot.Probe()
	if !caps.Reserve {
		t.Skip("this system reserves no address space")
	}
	c := newKit(t, caps, tinyGuest()).instance(t)
	defer c.close(t)
	view := c.bytes()
	c.call(t, fnGrow, 30)
	c.call(t, fnStore, 0, 77)
	if view[0] != 77 {
		t.Error("a view from before the growth does not show what the guest wrote")
	}
}

func TestMemoryCallsTheYieldHook(t *testing.T) {
	c := newKit(t, snapshot.Probe(), tinyGuest()).instance(t)
	defer c.close(t)
	yields := 0
	c.call(t, fnGrow, snapshot.YieldPages) // nobody listens
	c.memory.SetYield(func() { yields++ })
	for range 3 {
		if got := int32(c.call(t, fnGrow, snapshot.YieldPages)); got != -1 {
			t.Errorf("yield = %d, want -1", got)
		}
		c.call(t, fnGrow, 1)
	}
	if yields != 3 || c.memory.Refused() {
		t.Errorf("%d yields and refused = %v, want 3 and false", yields, c.memory.Refused())
	}
	c.call(t, fnGrow, snapshot.YieldPages-1)
	c.call(t, fnGrow, snapshot.YieldPages+1)
	if yields != 3 || !c.memory.Refused() {
		t.Errorf("other sizes: %d yields and refused = %v, want 3 and true", yields, c.memory.Refused())
	}
}

func TestMemoryAboveTheMaximumIsRefused(t *testing.T) {
	for _, limit := range []uint64{snapshot.MaxLimit + 1, 4 << 30, math.MaxUint64} {
		if _, err := snapshot.NewMemory(snapshot.Probe(), limit); err == nil {
			t.Errorf("NewMemory(%d) succeeds", limit)
		}
	}
}

func TestMemoryOfTheLargestLimitCostsNothing(t *testing.T) {
	caps := snapshot.Probe()
	g := tinyGuest()
	g.limit = snapshot.MaxLimit
	c := newKit(t, caps, g).instance(t)
	defer c.close(t)
	if !caps.Reserve {
		t.Skip("this system reserves no address space")
	}
	if c.memory.Reserved() != snapshot.MaxLimit || c.memory.Private() != 2*snapshot.PageSize {
		t.Errorf("reserved %d, private %d", c.memory.Reserved(), c.memory.Private())
	}
	if got := int32(c.call(t, fnGrow, snapshot.MaxLimit/snapshot.PageSize-2)); got != 2 {
		t.Fatalf("grow to the limit = %d", got)
	}
	c.call(t, fnStore, snapshot.MaxLimit-4, 5)
	if c.call(t, fnLoad, snapshot.MaxLimit-4) != 5 {
		t.Error("the last word is not what was written")
	}
}

func TestModuleThatStartsAboveTheLimitIsRefused(t *testing.T) {
	for name, caps := range systems() {
		t.Run(name, func(t *testing.T) {
			g := tinyGuest()
			g.limit = snapshot.PageSize
			k := newKit(t, caps, g)
			m, err := snapshot.NewMemory(caps, k.limit)
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Instantiate(t.Context(), k.engine, k.code, wazero.NewModuleConfig())
			if err == nil || !strings.Contains(err.Error(), "starts with 131072 bytes") {
				t.Errorf("Instantiate() = %v", err)
			}
			if err := m.Unmap(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFailedInstanceLeavesAMemoryToUnmap(t *testing.T) {
	ctx := t.Context()
	r := engine(t)
	for name, module := range map[string]*wasmtest.Module{
		"data outside the memory": wasmtest.New(1).Data(snapshot.PageSize, "x"),
		"missing import": func() *wasmtest.Module {
			m := wasmtest.New(1)
			m.Import("nobody", "nothing", 1, wasmtest.I32)
			return m
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := snapshot.NewMemory(snapshot.Probe(), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			code, err := r.CompileModule(ctx, module.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Instantiate(ctx, r, code, wazero.NewModuleConfig().WithName("")); err == nil {
				t.Error("Instantiate() succeeds")
			}
			if err := m.Unmap(); err != nil {
				t.Error(err)
			}
			if _, err := snapshot.Take(m, nil); err == nil {
				t.Error("Take() of a memory without a module succeeds")
			}
		})
	}
}

func TestMemoryServesOneModule(t *testing.T) {
	k := newKit(t, snapshot.Probe(), tinyGuest())
	c := k.instance(t)
	defer c.close(t)
	if _, err := c.memory.Instantiate(t.Context(), k.engine, k.code, wazero.NewModuleConfig().WithName("")); err == nil {
		t.Error("a second Instantiate() succeeds")
	}
}

func TestMemoryOfAnOpenModuleIsNotUnmapped(t *testing.T) {
	c := newKit(t, snapshot.Probe(), tinyGuest()).instance(t)
	if err := c.memory.Unmap(); err == nil {
		t.Fatal("Unmap() of an open module succeeds")
	}
	c.call(t, fnStore, 0, 1)
	if err := c.module.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.memory.Unmap(); err != nil {
			t.Error(err)
		}
	}
	if c.memory.Reserved() != 0 || c.memory.Private() != 0 {
		t.Error("an unmapped memory still counts")
	}
}
