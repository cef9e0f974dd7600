package snapshot

import "fmt"

// Capabilities says what the system offers. The zero value means nothing at
// all: memory on the Go heap and restores by copying. [Probe] finds out; tests
// and operators may clear fields to do without something.
type Capabilities struct {
	// Reserve means that address space can be reserved without being used.
	Reserve bool
	// CommitOnGrow means that reserved space counts against the system's
	// commit limit once it is writable (vm.overcommit_memory=2), so that it
	// becomes writable only when the guest grows into it.
	CommitOnGrow bool
	// Image means that a sealed file in memory can be mapped privately.
	Image bool
	// Pagemap means that the kernel tells which pages are private.
	Pagemap bool
	// PageScan means that it tells so in one call, PAGEMAP_SCAN.
	PageScan bool
	// Reason is a sentence for logs: what was found and, for the first thing
	// that was not, why.
	Reason string
}

// Images up to these sizes are restored by copying: one copy is cheaper than
// asking the kernel, and much cheaper than faults.
const (
	copyBelowScan = 64 << 10  // with PageScan
	copyBelowRest = 256 << 10 // without
)

// Choose returns the strategy for an image of the given bytes. It is never
// [Auto]. Without images it is [Copy], whose cost grows with the size: 50 to
// 75 µs for each MiB.
func (c Capabilities) Choose(size uint64) Strategy {
	switch {
	case !c.mapped(), size <= copyBelowScan:
		return Copy
	case c.PageScan:
		return PageScan
	case size <= copyBelowRest:
		return Copy
	case c.Pagemap:
		return HotSet
	}
	return Drop
}

// Resolve returns the strategy for an image of the given bytes when a setting
// asks for s. [Auto] is decided by [Capabilities.Choose]; everything else is s
// itself, or an error that says why the system cannot do it.
func (c Capabilities) Resolve(s Strategy, size uint64) (Strategy, error) {
	if s == Auto {
		return c.Choose(size), nil
	}
	if !c.supports(s) {
		return s, fmt.Errorf("restore strategy %s is not available here: %s", s, c.reason())
	}
	return s, nil
}

func (c Capabilities) supports(s Strategy) bool {
	switch s {
	case PageScan:
		return c.mapped() && c.PageScan
	case HotSet:
		return c.mapped() && c.Pagemap
	case Drop:
		return c.mapped()
	}
	return s == Copy
}

// mapped reports whether clones map their image.
func (c Capabilities) mapped() bool { return c.Reserve && c.Image }

func (c Capabilities) reason() string {
	if c.Reason == "" {
		return "the system was not probed"
	}
	return c.Reason
}
