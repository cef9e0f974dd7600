package rewrite

import (
	"cmp"
	"fmt"
	"math"
)

const (
	defaultSlice = 20_000
	defaultYield = 32_768
	defaultDepth = 131_072

	// A yield asks for more pages than any plugin may have (1 GiB) and, on top of
	// those, for no more than the engine's own limit; else the engine would grant
	// it or answer without asking the allocator.
	minYield = 1<<14 + 1
	maxYield = maxPages - 1<<14
)

// Options says how a module is instrumented. The zero value is what the gateway
// runs with.
type Options struct {
	// Slice is the number of checks between two yields; 0 means 20,000, which is
	// 20 to 60 µs of work.
	Slice int
	// Yield is the number of pages a yield asks memory.grow for; 0 means 32,768.
	// It lies between 16,385 and 49,152.
	Yield int
	// PlainYield makes a yield ask for no pages: the guest still leaves native
	// code, but no allocator is called.
	PlainYield bool
	// DepthLimit is the number of 8-byte slots calls may use together; 0 means
	// 131,072. A call takes one for each parameter and local, and one for each
	// operand the function has at a time, but at least 8 for those; vectors take
	// two.
	DepthLimit int
	// TailCalls admits return_call and return_call_indirect, which the engine
	// only accepts with an experimental feature. Where its compiler falls back to
	// a plain call, the depth check does not see the frame.
	TailCalls bool

	// NoCounter and NoDepth leave out the counter checks and the depth check. They
	// exist for measurements: such a module cannot be stopped.
	NoCounter bool
	NoDepth   bool
}

func (o Options) slice() int32      { return int32(cmp.Or(o.Slice, defaultSlice)) }
func (o Options) depthLimit() int32 { return int32(cmp.Or(o.DepthLimit, defaultDepth)) }

func (o Options) yield() int32 {
	if o.PlainYield {
		return 0
	}
	return int32(cmp.Or(o.Yield, defaultYield))
}

// check keeps the counters far from an overflow.
func (o Options) check() error {
	switch {
	case o.Slice < 0 || o.Slice > math.MaxInt32/2:
		return fmt.Errorf("rewrite: slice of %d checks", o.Slice)
	case o.DepthLimit < 0 || o.DepthLimit > math.MaxInt32/2:
		return fmt.Errorf("rewrite: depth limit of %d slots", o.DepthLimit)
	case o.Yield != 0 && (o.Yield < minYield || o.Yield > maxYield):
		return fmt.Errorf("rewrite: yield of %d pages is not between %d and %d", o.Yield, minYield, maxYield)
	}
	return nil
}

// Rewrite instruments a module and describes it. The result depends on nothing
// but its arguments; module is only read, and the report keeps views of it.
// An error about the module is an [*ModuleError]. Rewrite does not check types: the
// engine does when it compiles the result, which is valid only if module is.
func Rewrite(module []byte, opt Options) ([]byte, *ModuleReport, error) {
	if err := opt.check(); err != nil {
		return nil, nil, err
	}
	p := newParser(module, opt)
	if err := p.parse(); err != nil {
		return nil, nil, err
	}
	p.fillReport()
	return p.assemble(), p.report, nil
}
