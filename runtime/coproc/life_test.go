package coproc_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// TestCallsInFlightAtDeathFailAtOnce is number 7 of what the walking skeleton
// must show.
func TestCallsInFlightAtDeathFailAtOnce(t *testing.T) {
	r := start(t, coproc.Config{}, "child")
	blocked, tag := load(t, r, spec("block")), load(t, r, spec("tag"))
	var calls sync.WaitGroup
	for range 10 {
		calls.Go(func() {
			_, err := blocked.Call(exchange(abi.Pre))
			if abi.KindOf(err) != abi.Gone {
				t.Errorf("Call() = %v, want kind gone", err)
			}
		})
	}
	eventually(t, func() bool { return r.Stats().InFlight == 10 })
	kill(t, r.Stats().PID)
	calls.Wait()
	x := exchange(abi.Pre)
	if _, err := tag.Call(x); err != nil || header(x, "X-Tenant") != "acme" {
		t.Fatalf("the eleventh Call() = %v", err)
	}
	if r.Stats().Starts != 2 || r.Stats().Deaths != 1 {
		t.Fatalf("Stats() = %+v", r.Stats())
	}
}

func TestCallWhileRestartingWaitsUntilItsDeadline(t *testing.T) {
	r := start(t, coproc.Config{Restart: coproc.Restart{Min: time.Hour, Max: time.Hour}}, "child")
	p := load(t, r, spec("tag"))
	kill(t, r.Stats().PID)
	eventually(t, func() bool { return r.Stats().State == "waiting" })
	_, err := p.Call(within(exchange(abi.Pre), 20*time.Millisecond))
	wantKind(t, err, abi.Unavailable)
}

func TestBreakerOpensAfterManyDeaths(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "marker")
	c := coproc.Config{Restart: coproc.Restart{Min: time.Microsecond, Max: time.Millisecond, Open: time.Hour}}
	r := start(t, c, "fake", "once", marker)
	p := load(t, r, spec("any"))
	wantSees(t, p, "r1")
	kill(t, r.Stats().PID)
	eventually(t, func() bool { return r.Stats().State == "open" })
	if n := r.Stats().Deaths; n != 6 {
		t.Fatalf("open after %d deaths, want 6", n)
	}
	_, err := sees(p, "r2", limit)
	wantKind(t, err, abi.Unavailable)
	wantText(t, err, "there is a "+marker)
}

func TestBreakerClosesAfterGoodProbe(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "marker")
	c := coproc.Config{Restart: coproc.Restart{Min: time.Microsecond, Deaths: 1, Open: 10 * time.Millisecond}}
	r := start(t, c, "fake", "once", marker)
	p := load(t, r, spec("any"))
	kill(t, r.Stats().PID)
	eventually(t, func() bool { return r.Stats().State == "open" })
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, err := sees(p, "r", limit); return err == nil })
}

func TestProcessIsNotStartedAgainInVain(t *testing.T) {
	for _, test := range []struct{ how, want string }{
		{"exit-127", "program cannot be executed: exit status 127"},
		{"change", `declares other handlers than before: handler "any" is not declared`},
	} {
		t.Run(test.how, func(t *testing.T) {
			r := start(t, coproc.Config{}, "fake", test.how, filepath.Join(t.TempDir(), "marker"))
			p := load(t, r, spec("any"))
			pid := r.Stats().PID
			_, _ = sees(p, "r", limit)
			if test.how == "change" {
				kill(t, pid)
			}
			eventually(t, func() bool { return r.Stats().State == "failed" })
			_, err := sees(p, "r", limit)
			wantKind(t, err, abi.Unavailable)
			wantText(t, err, test.want)
		})
	}
}

func TestCloseLeavesNoProcess(t *testing.T) {
	for _, args := range [][]string{{"child"}, {"fake", "good"}, {"fake", "deaf"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			c := coproc.Config{StopGrace: 20 * time.Millisecond, TermGrace: 20 * time.Millisecond}
			r := start(t, c, args...)
			if err := r.Start(context.Background()); err != nil {
				t.Fatal(err)
			}
			pid := r.Stats().PID
			closeRuntime(t, r)
			if exists(pid) {
				t.Fatalf("process %d is still there", pid)
			}
			_, err := r.Load(context.Background(), spec("any"))
			wantKind(t, err, abi.Unavailable)
		})
	}
}

func TestCloseWithoutPatienceKills(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "deaf")
	if err := r.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestCloseDuringStartEndsIt(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "mute")
	started := make(chan error)
	go func() { started <- r.Start(context.Background()) }()
	eventually(t, func() bool { return r.Stats().Starts == 1 })
	closeRuntime(t, r)
	if err := <-started; err == nil {
		t.Fatal("Start() = nil after Close")
	}
}

func TestPluginCloseWaitsForCalls(t *testing.T) {
	r := start(t, coproc.Config{}, "child")
	p := load(t, r, spec("block"))
	done := make(chan error, 1)
	x := within(exchange(abi.Pre), 100*time.Millisecond)
	go func() {
		_, err := p.Call(x)
		done <- err
	}()
	eventually(t, func() bool { return r.Stats().InFlight == 1 })
	if err := p.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		wantKind(t, err, abi.Timeout)
	case <-time.After(limit):
		t.Fatal("Close() returned before the call")
	}
	_, err := p.Call(exchange(abi.Pre))
	wantKind(t, err, abi.Unavailable)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}
