package snapshot_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

func TestStrategyNamesParse(t *testing.T) {
	for s := snapshot.Auto; s <= snapshot.Copy; s++ {
		got, err := snapshot.ParseStrategy(s.String())
		if err != nil || got != s {
			t.Errorf("ParseStrategy(%q) = %v, %v", s, got, err)
		}
	}
	for _, name := range []string{"", "Copy", "unknown", "hotset"} {
		if _, err := snapshot.ParseStrategy(name); err == nil || !strings.Contains(err.Error(), "page-scan") {
			t.Errorf("ParseStrategy(%q) = %v, want an error that lists the names", name, err)
		}
	}
	if got := snapshot.Strategy(99).String(); got != "unknown" {
		t.Errorf("Strategy(99) = %q", got)
	}
}

func TestChooseFollowsTheTable(t *testing.T) {
	linux := snapshot.Capabilities{Reserve: true, Image: true, Pagemap: true, PageScan: true}
	older, hardened := linux, linux
	older.PageScan = false
	hardened.PageScan, hardened.Pagemap = false, false
	for _, tt := range []struct {
		name string
		caps snapshot.Capabilities
		size uint64
		want snapshot.Strategy
	}{
		{"empty", linux, 0, snapshot.Copy},
		{"one page", linux, 64 << 10, snapshot.Copy},
		{"two pages", linux, 128 << 10, snapshot.PageScan},
		{"large", linux, 1 << 30, snapshot.PageScan},
		{"older, small", older, 256 << 10, snapshot.Copy},
		{"older, large", older, 320 << 10, snapshot.HotSet},
		{"no page map, small", hardened, 256 << 10, snapshot.Copy},
		{"no page map, large", hardened, 320 << 10, snapshot.Drop},
		{"no image", snapshot.Capabilities{Reserve: true}, 8 << 20, snapshot.Copy},
		{"nothing", snapshot.Capabilities{}, 8 << 20, snapshot.Copy},
		{"image without reservation", snapshot.Capabilities{Image: true, Pagemap: true, PageScan: true}, 8 << 20, snapshot.Copy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.caps.Choose(tt.size); got != tt.want {
				t.Errorf("Choose(%d) = %s, want %s", tt.size, got, tt.want)
			}
			if got, err := tt.caps.Resolve(snapshot.Auto, tt.size); got != tt.want || err != nil {
				t.Errorf("Resolve(auto, %d) = %s, %v, want %s", tt.size, got, err, tt.want)
			}
		})
	}
}

func TestForcedStrategyIsTakenOrRefusedWithTheReason(t *testing.T) {
	caps := snapshot.Capabilities{Reserve: true, Image: true, Pagemap: true, Reason: "no PAGEMAP_SCAN: too old"}
	for _, s := range []snapshot.Strategy{snapshot.HotSet, snapshot.Drop, snapshot.Copy} {
		if got, err := caps.Resolve(s, 1); got != s || err != nil {
			t.Errorf("Resolve(%s) = %s, %v", s, got, err)
		}
	}
	_, err := caps.Resolve(snapshot.PageScan, 8<<20)
	if err == nil || !strings.Contains(err.Error(), "too old") || !strings.Contains(err.Error(), "page-scan") {
		t.Errorf("Resolve(page-scan) = %v", err)
	}
	if _, err := (snapshot.Capabilities{}).Resolve(snapshot.Drop, 1); err == nil {
		t.Error("drop is available without anything")
	}
}

func TestProbeSaysWhatItFound(t *testing.T) {
	caps := snapshot.Probe()
	t.Logf("%+v", caps)
	if caps.Reason == "" {
		t.Error("Probe() gives no reason")
	}
	if caps.PageScan && !caps.Pagemap || caps.Pagemap && !caps.Image || caps.Image && !caps.Reserve {
		t.Errorf("Probe() = %+v is contradictory", caps)
	}
}
