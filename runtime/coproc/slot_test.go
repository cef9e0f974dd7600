package coproc

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/loglimit"
)

func TestAnswerAndDeadlineAreExclusive(t *testing.T) {
	table := newTable(1)
	table.open(1)
	for range 2000 {
		<-table.window
		i := table.pop()
		id := table.id(i)
		s := &table.slots[i]
		s.begin(id)
		var got delivery
		var abandoned bool
		var both sync.WaitGroup
		both.Go(func() { got = table.deliver(id, []byte("x")) })
		both.Go(func() { abandoned = table.abandon(i, id, time.Now()) })
		both.Wait()
		if abandoned == (got == delivered) {
			t.Fatalf("abandoned = %v, delivery = %v", abandoned, got)
		}
		if !abandoned {
			<-s.done
			table.release(i)
		}
		if got := table.deliver(id, []byte("y")); got != unknown {
			t.Fatalf("second deliver() = %v", got)
		}
	}
	if taken, _ := table.taken(); taken != 0 || table.abandoned.Load() != 0 {
		t.Fatalf("%d slots taken, %d zombies", taken, table.abandoned.Load())
	}
}

func TestIDsAreNeverUsedTwice(t *testing.T) {
	table := newTable(2)
	seen := map[uint64]bool{}
	for i := range 1000 {
		id := table.id(i % 2)
		if seen[id] || int(id&(maxSlots-1)) != i%2 {
			t.Fatalf("id %d", id)
		}
		seen[id] = true
	}
}

func TestTableIsStuck(t *testing.T) {
	now := time.Now()
	table := newTable(8)
	table.open(8)
	abandon := func(stale time.Time) {
		<-table.window
		i := table.pop()
		id := table.id(i)
		table.slots[i].begin(id)
		table.abandon(i, id, stale)
	}
	abandon(now.Add(time.Second))
	if table.stuck(now) {
		t.Fatal("stuck() with one young zombie")
	}
	if !table.stuck(now.Add(2 * time.Second)) {
		t.Fatal("not stuck() with an old zombie")
	}
	abandon(now.Add(time.Hour))
	abandon(now.Add(time.Hour))
	if !table.stuck(now) {
		t.Fatal("not stuck() with more than a quarter of zombies")
	}
}

func TestBackoffDoublesAndOpens(t *testing.T) {
	b := backoff{cfg: Restart{}.withDefaults()}
	now := time.Now()
	want := 100 * time.Millisecond
	for i := range 5 {
		wait, open := b.death(now, 0)
		if open || wait < want*8/10 || wait > want*12/10 {
			t.Fatalf("death %d: wait %v, open %v, want about %v", i+1, wait, open, want)
		}
		want *= 2
	}
	if wait, open := b.death(now, 0); !open || wait != 30*time.Second {
		t.Fatalf("sixth death: wait %v, open %v", wait, open)
	}
	if wait, open := b.death(now.Add(time.Hour), 2*time.Minute); open || wait > 120*time.Millisecond {
		t.Fatalf("death after a healthy life: wait %v, open %v", wait, open)
	}
}

func TestBackoffForgetsOldDeaths(t *testing.T) {
	b := backoff{cfg: Restart{}.withDefaults()}
	now := time.Now()
	for i := range 20 {
		if _, open := b.death(now.Add(time.Duration(i)*20*time.Second), 20*time.Second); open {
			t.Fatal("open with three deaths a minute")
		}
	}
}

func TestLimiterTellsWhatItRefused(t *testing.T) {
	l := loglimit.New(2, time.Second)
	now := time.Now()
	for i := range 5 {
		if ok, _ := l.Allow(now); ok != (i < 2) {
			t.Fatalf("Allow() = %v for event %d", ok, i)
		}
	}
	if ok, missed := l.Allow(now.Add(time.Second)); !ok || missed != 3 {
		t.Fatalf("Allow() = %v, %d missed, want 3", ok, missed)
	}
}

func TestFaultsAreCountedByTheMinute(t *testing.T) {
	var c faultCount
	now := time.Now()
	for i := range 4 {
		if got := c.exceeds(2, now.Add(time.Duration(i)*time.Second)); got != (i >= 2) {
			t.Fatalf("exceeds() = %v for fault %d", got, i)
		}
	}
	if c.exceeds(2, now.Add(time.Minute)) {
		t.Fatal("exceeds() = true in a new minute")
	}
}

func TestGateLetsNobodyInOnceClosed(t *testing.T) {
	g := newGate()
	if !g.enter() {
		t.Fatal("enter() = false")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.wait(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("wait() = %v", err)
	}
	if g.enter() {
		t.Fatal("enter() = true after wait")
	}
	g.leave()
	if err := g.wait(context.Background()); err != nil {
		t.Fatal(err)
	}
}
