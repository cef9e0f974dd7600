package snapshot_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// A million rounds: go test -run Leaves -rounds 1000000 -timeout 1h
var roundsFlag = flag.Int("rounds", 0, "restores of each soak; 0 means 1,000, and 10,000 in long tests")

// rounds is how many restores a soak does.
func rounds() int {
	switch {
	case *roundsFlag > 0:
		return *roundsFlag
	case testing.Short():
		return 500
	case longtest.Enabled():
		return 10_000
	}
	return 1_000
}

func TestNoRestoreLeavesAnythingOfACall(t *testing.T) {
	caps := snapshot.Probe()
	for _, g := range []guest{tinyGuest(), staticGuest()} {
		k := newKit(t, caps, g)
		image := k.image(t)
		t.Cleanup(image.Close)
		for _, s := range strategies(t, caps) {
			t.Run(g.name+"/"+s.String(), func(t *testing.T) {
				soak(t, k.clone(t, image, s))
			})
		}
	}
}

// soak lets a clone do anything and compares it after each restore with a copy
// made at the beginning.
func soak(t *testing.T, c *clone) {
	want := bytes.Clone(c.bytes())
	values := c.values()
	rng := rand.New(rand.NewPCG(1, 2))
	every := max(1, len(want)>>17) // how often the whole memory is compared
	for n := range rounds() {
		written := c.scribble(t, rng)
		c.restore(t)
		got := c.bytes()
		if len(got) != len(want) || !slices.Equal(c.values(), values) {
			t.Fatalf("round %d: %d bytes and globals %x, want %d and %x", n, len(got), c.values(), len(want), values)
		}
		for _, at := range written {
			if got[at] != want[at] {
				t.Fatalf("round %d: byte %#x is %#x, want %#x", n, at, got[at], want[at])
			}
		}
		if n%every == 0 && !bytes.Equal(got, want) {
			t.Fatalf("round %d: the memory differs", n)
		}
	}
	if err := c.Verify(); err != nil {
		t.Fatal(err)
	}
}

func (c *clone) values() []uint64 {
	var v []uint64
	for _, g := range c.globals {
		v = append(v, g.Get())
	}
	return v
}

// scribble makes a call that leaves traces and returns some addresses it wrote
// to.
func (c *clone) scribble(t *testing.T, rng *rand.Rand) []uint32 {
	size := uint32(c.memory.Size())
	var written []uint32
	for range rng.IntN(8) {
		at := rng.Uint32N(size - 4)
		c.call(t, fnStore, uint64(at), rng.Uint64()|1)
		written = append(written, at)
	}
	if rng.IntN(10) == 0 { // touched, then zeroed
		at := rng.Uint32N(size - 4096)
		c.call(t, fnFill, uint64(at), 0xff, 4096)
		c.call(t, fnFill, uint64(at), 0, 4096)
		written = append(written, at, at+4095)
	}
	if rng.IntN(100) == 0 { // more pages than are copied back
		c.call(t, fnFill, 0, 0xee, uint64(min(size, 3<<20)))
		written = append(written, 0)
	}
	if rng.IntN(20) == 0 {
		c.balloon(t, rng)
	}
	if rng.IntN(4) == 0 {
		c.call(t, fnSet, rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64())
	}
	if rng.IntN(20) == 0 {
		if _, err := c.try(fnTrap, uint64(size-4), 1); err == nil {
			t.Fatal("the guest did not trap")
		}
		written = append(written, size-4)
	}
	return written
}

// balloon grows the memory, finds zeros and leaves something else.
func (c *clone) balloon(t *testing.T, rng *rand.Rand) {
	old := c.memory.Size()
	if int32(c.call(t, fnGrow, uint64(1+rng.IntN(20)))) < 0 {
		t.Fatal("the memory did not grow")
	}
	grown := c.memory.Size()
	if n := len(bytes.TrimLeft(c.bytes()[old:], "\x00")); n > 0 {
		t.Fatalf("of the new memory %d bytes are not zero", n)
	}
	c.call(t, fnFill, old, 0xdd, grown-old)
}

func TestNoRestoreLeavesAnythingOfAGoProgram(t *testing.T) {
	caps := snapshot.Probe()
	k := newKit(t, caps, goGuest(t))
	image := k.image(t)
	t.Cleanup(image.Close)
	t.Logf("image of %d KiB, %d KiB not zero, %d globals", image.Size()>>10, image.Stored()>>10, len(k.globals))
	for _, s := range strategies(t, caps) {
		t.Run(s.String(), func(t *testing.T) { soakGo(t, k.clone(t, image, s)) })
	}
}

func soakGo(t *testing.T, c *clone) {
	want := bytes.Clone(c.bytes())
	for n := range rounds() {
		if c.call(t, "work", uint64(n)) != 1 {
			t.Fatalf("round %d sees the one before", n)
		}
		c.strain(t, n)
		c.restore(t)
		if n%50 == 0 && !bytes.Equal(c.bytes(), want) {
			t.Fatalf("round %d: the memory differs", n)
		}
	}
	if err := c.Verify(); err != nil {
		t.Fatal(err)
	}
}

// strain does now and then what makes a Go program change a lot of memory.
func (c *clone) strain(t *testing.T, n int) {
	if n%10 == 0 {
		if got := c.call(t, "spawn", 3); got != 3 {
			t.Fatalf("spawn() = %d, want 3", got)
		}
	}
	if n%250 == 1 {
		c.call(t, "collect")
	}
	if n%500 == 2 {
		c.call(t, "balloon", 8)
	}
	if n%100 == 3 {
		if _, err := c.try("crash"); err == nil {
			t.Fatal("the guest did not trap")
		}
	}
}
