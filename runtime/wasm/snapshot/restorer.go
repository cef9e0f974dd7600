package snapshot

import (
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// dropAbove is the number of private pages above which a restore drops all of
// them: copying that many back is no longer cheap, and keeping them would let
// one odd call hold memory for ever.
const dropAbove = 512

// Config describes a restorer.
type Config struct {
	Image *Image
	// Memory is that of the clone, whose module must be instantiated.
	Memory *LinearMemory
	// Globals are the clone's, in the order of the image's.
	Globals []api.MutableGlobal
	// Strategy is how to restore; [Auto] chooses.
	Strategy Strategy
}

// Restorer brings one instance back to the state of an image. It belongs to
// the goroutine that runs the instance.
type Restorer struct {
	image    *Image
	memory   *LinearMemory
	globals  []api.MutableGlobal
	strategy Strategy
	scanner  *pageScanner // PageScan and HotSet
	hot      *hotSet      // HotSet
	closed   bool
}

// RestoreStats says what a restore did.
type RestoreStats struct {
	// Strategy is what was done, which is [Drop] when a better one met too
	// many private pages.
	Strategy Strategy
	// Pages is how many pages of the host were copied back.
	Pages int
	// Returned is by how many bytes the memory was made smaller.
	Returned uint64
}

// NewRestorer makes an instance a clone of the image: its memory becomes the
// image's, in size and content, and its globals too, whatever they were. The
// instance may be the template itself. It fails if the image does not fit into
// the memory's limit, if the globals do not match, if the module declares a
// maximum that would make restoring its size impossible, or if the system
// cannot do what Strategy asks for.
func NewRestorer(c Config) (*Restorer, error) {
	r := &Restorer{image: c.Image, memory: c.Memory, globals: c.Globals}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("clone: %w", err)
	}
	if err := c.Image.use(); err != nil {
		return nil, fmt.Errorf("clone: %w", err)
	}
	if err := r.attach(c.Strategy); err != nil {
		c.Image.unuse()
		return nil, fmt.Errorf("clone: %w", err)
	}
	return r, nil
}

// Strategy returns the strategy that restores use. It is never [Auto].
func (r *Restorer) Strategy() Strategy { return r.strategy }

// Restore brings memory, its size and the globals back. The instance must not
// be running; it may have trapped. Restore does not allocate. After an error
// the instance is in no defined state and must be discarded.
func (r *Restorer) Restore() (RestoreStats, error) {
	st := RestoreStats{Strategy: r.strategy}
	if r.closed || r.memory.freed.Load() {
		return st, errClosed
	}
	if r.memory.size > r.image.size {
		st.Returned = r.memory.size - r.image.size
	}
	if err := r.memory.resize(r.image.size); err != nil {
		return st, err
	}
	if err := r.restoreBytes(&st); err != nil {
		return st, err
	}
	r.restoreGlobals()
	r.memory.refused = false
	return st, nil
}

// Close ends the restorer's use of the image. The instance must not be used
// any more: it cannot be restored.
func (r *Restorer) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.image.unuse()
}

func (r *Restorer) check() error {
	i, m := r.image, r.memory
	switch {
	case m.module == nil || m.freed.Load():
		return errClosed
	case i.size > 0 && !m.allocated:
		return errors.New("the module has no memory, the image has")
	case i.size > m.limit:
		return fmt.Errorf("the image has %d bytes of memory, the limit is %d", i.size, m.limit)
	case len(r.globals) != len(i.types):
		return fmt.Errorf("the instance has %d globals, the image %d", len(r.globals), len(i.types))
	}
	for n, g := range r.globals {
		if g.Type() != i.types[n] {
			return fmt.Errorf("global %d is of type %s, that of the image %s",
				n, api.ValueTypeName(g.Type()), api.ValueTypeName(i.types[n]))
		}
	}
	return r.checkMaximum()
}

// checkMaximum refuses modules that could grow to a size at which the engine
// no longer asks for more, which is when the size could not be restored.
func (r *Restorer) checkMaximum() error {
	if !r.memory.allocated {
		return nil
	}
	pages, declared := r.memory.module.Memory().Definition().Max()
	limit := uint64(pages) * PageSize
	if declared && limit > r.image.size && limit <= r.memory.limit {
		return fmt.Errorf("the module declares a maximum of %d pages of memory, it must declare none", pages)
	}
	return nil
}

// resolve decides on the strategy for this memory and this image.
func (r *Restorer) resolve(want Strategy) (Strategy, error) {
	i, caps := r.image, r.memory.caps
	if i.size == 0 {
		return Copy, nil // of nothing
	}
	caps.Image = caps.Image && i.mapped
	caps.Pagemap = caps.Pagemap && i.pagemap != nil
	caps.PageScan = caps.PageScan && caps.Pagemap
	return caps.Resolve(want, i.size)
}

// attach maps or copies the image into the memory.
func (r *Restorer) attach(want Strategy) (err error) {
	m, i := r.memory, r.image
	if r.strategy, err = r.resolve(want); err != nil {
		return err
	}
	if err := m.resize(i.size); err != nil {
		return err
	}
	if i.size > 0 {
		if err := r.fill(); err != nil {
			return err
		}
	}
	r.restoreGlobals()
	m.refused = false
	return nil
}

func (r *Restorer) fill() error {
	m, i := r.memory, r.image
	if r.strategy == Copy { // mapping gains nothing: all of it becomes private
		i.copyTo(m.buf, 0, i.size)
		m.private.Store(i.size)
		return nil
	}
	if err := i.file.mapOver(m.buf[:i.size]); err != nil {
		return fmt.Errorf("map image: %w", err)
	}
	m.private.Store(0)
	m.committed = max(m.committed, i.size)
	if r.strategy == PageScan || r.strategy == HotSet {
		r.scanner = newScanner(i.pagemap, r.strategy == PageScan)
	}
	if r.strategy == HotSet {
		r.hot = &hotSet{}
	}
	return nil
}

func (r *Restorer) restoreGlobals() {
	for n, g := range r.globals {
		g.Set(r.image.globals[n])
	}
}

func (r *Restorer) restoreBytes(st *RestoreStats) error {
	if r.image.size == 0 {
		return nil
	}
	switch r.strategy {
	case PageScan:
		return r.copyBack(st)
	case HotSet:
		return r.copyHot(st)
	case Drop:
		r.drop(st)
		return nil
	}
	r.copyAll(st)
	return nil
}

// copyBack copies the private pages back. They stay private, so that the next
// call does not fault them in again.
func (r *Restorer) copyBack(st *RestoreStats) error {
	memory := r.memory.view()
	for at := uint64(0); at < r.image.size; {
		found, next, err := r.scanner.next(memory, at)
		if err != nil {
			return fmt.Errorf("list private pages: %w", err)
		}
		for _, f := range found {
			if st.Pages += r.pages(f); st.Pages > dropAbove {
				r.drop(st)
				return nil
			}
			r.image.copyTo(memory, f.start, f.end)
		}
		at = next
	}
	r.settle(st.Pages)
	return nil
}

// drop gives all private pages back. A memory that is locked cannot do that
// and is copied instead.
func (r *Restorer) drop(st *RestoreStats) {
	if discard(r.memory.view()) != nil {
		r.copyAll(st)
		return
	}
	st.Strategy, st.Pages = Drop, 0
	r.settle(0)
}

func (r *Restorer) copyAll(st *RestoreStats) {
	r.image.copyTo(r.memory.buf, 0, r.image.size)
	st.Strategy, st.Pages = Copy, int(r.image.size/r.image.page)
	r.settle(st.Pages)
}

// settle notes how many pages are private after a restore.
func (r *Restorer) settle(pages int) { r.memory.private.Store(uint64(pages) * r.image.page) }

func (r *Restorer) pages(f region) int { return int((f.end - f.start) / r.image.page) }
