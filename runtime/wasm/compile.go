package wasm

import (
	"context"
	"fmt"
	"sync"
)

// compile compiles the code until ctx ends. The engine cannot be interrupted, so
// it then goes on by itself for as long as the limits of package rewrite allow,
// and its goroutine frees what it used: neither the next load nor the end of the
// process waits for it.
func (p *plugin) compile(ctx context.Context, code []byte) error {
	done := p.compiling(p.spec.Name)
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.code, err = p.engine.CompileModule(context.WithoutCancel(ctx), code)
		done()
	}()
	select {
	case <-ended:
		if err != nil {
			return fmt.Errorf("compile: %w", err)
		}
		return nil
	case <-ctx.Done():
	}
	p.abandoned = true
	p.compilations.begin()
	go func() {
		<-ended
		p.closeEngine(context.WithoutCancel(ctx))
		p.compilations.end()
	}()
	return fmt.Errorf("compile: %w", context.Cause(ctx))
}

// compilations counts those that go on although nobody waits for them. The zero
// value is ready to use. It is safe for concurrent use.
type compilations struct {
	mu      sync.Mutex // protects the fields below
	running int
	last    func() // called by the last one that ends; may be nil
}

func (c *compilations) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
}

func (c *compilations) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.running == 0 && c.last != nil {
		c.last()
	}
}

// defers reports whether some are running, of which the last will call f.
func (c *compilations) defers(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running > 0 {
		c.last = f
	}
	return c.running > 0
}
