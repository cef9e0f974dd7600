package wasm

import (
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

func everything() snapshot.Capabilities {
	return snapshot.Capabilities{Reserve: true, Image: true, Pagemap: true, PageScan: true}
}

// all tries one strategy after the other and returns their names.
func (f *fallback) all() (names []string) {
	for {
		n, s, ok := f.current()
		if !ok {
			return names
		}
		names = append(names, s.String())
		f.leave(n)
	}
}

func TestALadderHasTheStrategiesOfTheSystem(t *testing.T) {
	noScan := everything()
	noScan.PageScan = false
	for name, c := range map[string]struct {
		caps snapshot.Capabilities
		want int
	}{
		"all":          {everything(), 4},
		"no page scan": {noScan, 3},
		"nothing":      {snapshot.Capabilities{}, 1},
	} {
		f, err := newFallback(c.caps, snapshot.Auto, 10<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.all(); len(got) != c.want || got[len(got)-1] != "copy" {
			t.Errorf("%s: %v, want %d strategies down to copy", name, got, c.want)
		}
	}
}

func TestALadderIsSteppedDownAfterThreeFailuresInARow(t *testing.T) {
	f, err := newFallback(everything(), snapshot.Drop, 10<<20)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 { // never three in a row
		for range failuresInARow - 1 {
			if f.failed(0) {
				t.Fatal("stepped down after two failures")
			}
		}
		f.worked()
	}
	f.failed(0)
	f.failed(0)
	if !f.failed(0) {
		t.Fatal("not stepped down after three failures")
	}
	for range 5 { // instances from before
		if f.failed(0) {
			t.Error("stepped down by an instance from before the step")
		}
	}
	if n, s, ok := f.current(); n != 1 || s != snapshot.Copy || !ok {
		t.Errorf("current() = %d, %v, %v, want copy", n, s, ok)
	}
}
