package store

import (
	"testing"
	"time"
)

func TestInsertionsRemoveExpiredEntries(t *testing.T) {
	var tab table[int, int]
	start := time.Now()
	const n = 5000
	for i := range n {
		tab.put(i, tableEntry[int]{expires: start.Add(time.Second)}, start)
	}
	later := start.Add(time.Minute)
	for i := range n {
		tab.put(n+i, tableEntry[int]{}, later)
	}
	if got := len(tab.entries); got > n+n/2 {
		t.Errorf("%d entries, want not much more than the %d that live", got, n)
	}
	for i := range n {
		if _, ok := tab.entries[n+i]; !ok {
			t.Fatalf("entry %d lives and is gone", n+i)
		}
	}
}
