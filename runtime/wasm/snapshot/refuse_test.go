package snapshot_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

func TestCloneThatDoesNotMatchTheImageIsRefused(t *testing.T) {
	caps := snapshot.Probe()
	k := newKit(t, caps, tinyGuest())
	large := k.instance(t)
	defer large.close(t)
	large.call(t, fnGrow, 10)
	image, err := snapshot.Take(large.memory, large.globals)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	small := tinyGuest()
	small.limit = 11 * snapshot.PageSize
	maximum := tinyGuest()
	maximum.code = smallGuest(2, 20)
	none := guest{code: wasmtest.New(0).WithoutMemory().Bytes(), limit: 4 << 20}
	for _, tt := range []struct {
		name   string
		guest  guest
		change func(c *snapshot.Config)
		want   string
	}{
		{"limit below the image", small, nil, "limit is 720896"},
		{"declared maximum", maximum, nil, "maximum of 20 pages"},
		{"no memory", none, nil, "no memory"},
		{"too few globals", tinyGuest(), func(c *snapshot.Config) { c.Globals = c.Globals[1:] }, "3 globals"},
		{"other globals", tinyGuest(), func(c *snapshot.Config) {
			c.Globals = []api.MutableGlobal{c.Globals[1], c.Globals[0], c.Globals[2], c.Globals[3]}
		}, "type i64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newKit(t, caps, tt.guest).instance(t)
			defer c.close(t)
			config := snapshot.Config{Image: image, Memory: c.memory, Globals: c.globals}
			if tt.change != nil {
				tt.change(&config)
			}
			_, err := snapshot.NewRestorer(config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewRestorer() = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDeclaredMaximumThatIsOutOfReachIsNoObstacle(t *testing.T) {
	for name, g := range map[string]guest{
		"size is the maximum":      {code: smallGuest(2, 2), limit: 4 << 20, globals: smallGlobals},
		"limit below the maximum":  {code: smallGuest(2, 9), limit: 8 * snapshot.PageSize, globals: smallGlobals},
		"limit of the first pages": {code: smallGuest(2, 9), limit: 2 * snapshot.PageSize, globals: smallGlobals},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, snapshot.Probe(), g)
			image := k.image(t)
			defer image.Close()
			c := k.clone(t, image, snapshot.Auto)
			c.call(t, fnGrow, 6)
			c.restore(t)
			if err := c.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestImageLivesUntilItsLastClone(t *testing.T) {
	k := newKit(t, snapshot.Probe(), staticGuest())
	image := k.image(t)
	c := k.clone(t, image, snapshot.Auto)
	image.Close()
	image.Close()
	c.call(t, fnStore, 4096, 1)
	c.restore(t)
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
	other := k.instance(t)
	defer other.close(t)
	if _, err := snapshot.NewRestorer(snapshot.Config{Image: image, Memory: other.memory, Globals: other.globals}); err == nil {
		t.Error("NewRestorer() of a closed image succeeds")
	}
}

func TestClosedModuleIsNotRestored(t *testing.T) {
	k := newKit(t, snapshot.Probe(), tinyGuest())
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	c.call(t, fnGrow, 3)
	if err := c.module.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Restore(); err == nil {
		t.Error("Restore() of a closed module succeeds")
	}
	if err := c.Verify(); err == nil {
		t.Error("Verify() of a closed module succeeds")
	}
	if _, err := snapshot.Take(c.memory, c.globals); err == nil {
		t.Error("Take() of a closed module succeeds")
	}
	c.Close()
	if _, err := c.Restore(); err == nil {
		t.Error("Restore() of a closed restorer succeeds")
	}
}

func TestVerifyFindsWhatDiffers(t *testing.T) {
	k := newKit(t, snapshot.Probe(), tinyGuest())
	image := k.image(t)
	defer image.Close()
	for _, tt := range []struct {
		name string
		call []uint64
		fn   string
		want string
	}{
		{"byte of data", []uint64{0x1234, 0xff}, fnStore, "byte 0x1234 of the memory is 0xff, in the image it is 0x36"},
		{"byte of nothing", []uint64{0x12345, 0xff}, fnStore, "byte 0x12345 of the memory is 0xff, in the image it is 0x0"},
		{"global", []uint64{7, 12, 0, 0}, fnSet, "global 1 is 0xc"},
		{"size", []uint64{1}, fnGrow, "memory has 196608 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := k.clone(t, image, snapshot.Auto)
			c.call(t, tt.fn, tt.call...)
			if err := c.Verify(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Verify() = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestGlobalsThatCannotBeRestoredAreRefused(t *testing.T) {
	k := newKit(t, snapshot.Probe(), tinyGuest())
	c := k.instance(t)
	defer c.close(t)
	for _, name := range []string{"constant", "nobody"} {
		if _, err := snapshot.Globals(c.module, []string{name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Globals(%q) = %v", name, err)
		}
	}
	if _, err := snapshot.Take(c.memory, []api.MutableGlobal{reference{c.globals[0]}}); err == nil {
		t.Error("Take() with a reference succeeds")
	}
}

// reference is a global of a type that has no number.
type reference struct{ api.MutableGlobal }

func (reference) Type() api.ValueType { return api.ValueTypeExternref }
