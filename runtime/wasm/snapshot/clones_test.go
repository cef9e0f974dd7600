package snapshot_test

import (
	"bytes"
	"os"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// thousand is how many clones or cycles a test makes: 200 unless long tests were
// asked for.
func thousand() int {
	switch {
	case testing.Short():
		return 100
	case longtest.Enabled():
		return 1000
	}
	return 200
}

func TestClonesOfOneImageDoNotSeeEachOther(t *testing.T) {
	caps := snapshot.Probe()
	k := newKit(t, caps, staticGuest())
	image := k.image(t)
	t.Cleanup(image.Close)
	for _, s := range strategies(t, caps) {
		t.Run(s.String(), func(t *testing.T) {
			var users sync.WaitGroup
			for n := range 8 {
				c := k.clone(t, image, s)
				users.Go(func() { c.visit(t, uint64(n+1)) })
				users.Go(func() {
					for range 1000 { // what a metrics reader does
						_ = c.memory.Private() + c.memory.Reserved()
					}
				})
			}
			users.Wait()
		})
	}
}

// visit writes the clone's own mark all over the image and finds only it.
func (c *clone) visit(t *testing.T, mark uint64) {
	const step = 8 << 20 / 50
	for range 200 {
		for at := uint64(0); at < 8<<20; at += step {
			if _, err := c.try(fnStore, at, mark); err != nil {
				t.Error(err)
				return
			}
		}
		for at := uint64(0); at < 8<<20; at += step {
			if v, err := c.try(fnLoad, at); v != mark || err != nil {
				t.Errorf("clone %d reads %d, %v", mark, v, err)
				return
			}
		}
		if _, err := c.Restore(); err != nil {
			t.Error(err)
			return
		}
	}
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
}

func TestClosedClonesLeaveNothingBehind(t *testing.T) {
	if _, err := os.Stat("/proc/self/maps"); err != nil {
		t.Skip("this system does not list its mappings")
	}
	caps := snapshot.Probe()
	k := newKit(t, caps, tinyGuest())
	k.cycle(t) // what is made once
	files, maps := descriptors(t), mappings(t)
	for range thousand() {
		k.cycle(t)
	}
	if got := descriptors(t); got != files {
		t.Errorf("%d descriptors, before %d", got, files)
	}
	if got := mappings(t); got > maps+50 { // the Go runtime's own vary
		t.Errorf("%d mappings, before %d", got, maps)
	}
}

// cycle takes an image, makes a clone with each strategy and closes them all.
func (k *kit) cycle(t *testing.T) {
	t.Helper()
	image := k.image(t)
	for _, s := range []snapshot.Strategy{snapshot.PageScan, snapshot.HotSet, snapshot.Drop, snapshot.Copy} {
		if _, err := k.caps.Resolve(s, image.Size()); err != nil {
			continue
		}
		c := k.instance(t)
		c.attach(t, image, s)
		c.call(t, fnStore, 4096, 1)
		c.restore(t)
		c.close(t)
	}
	image.Close()
}

func descriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func mappings(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}
