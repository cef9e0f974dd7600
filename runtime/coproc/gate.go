package coproc

import (
	"context"
	"sync"
	"sync/atomic"
)

// shut is added to the count of a gate when it is closed.
const shut = 1 << 32

// gate counts the calls inside and, once closed, lets none in and tells when
// the last has left. Its methods may be called by many goroutines.
type gate struct {
	count atomic.Int64
	close sync.Once
	empty chan struct{}
	once  sync.Once // of closing empty
}

func newGate() *gate { return &gate{empty: make(chan struct{})} }

// enter lets a call in unless the gate is closed. Every call that entered
// leaves.
func (g *gate) enter() bool {
	if g.count.Add(1) < shut {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.count.Add(-1) == shut {
		g.once.Do(func() { close(g.empty) })
	}
}

// wait closes the gate and waits until nobody is inside, or ctx ends.
func (g *gate) wait(ctx context.Context) error {
	g.close.Do(func() {
		if g.count.Add(shut) == shut {
			g.once.Do(func() { close(g.empty) })
		}
	})
	select {
	case <-g.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
