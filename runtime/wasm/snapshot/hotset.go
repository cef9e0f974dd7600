package snapshot

import "fmt"

const (
	// learnFor is how many restores are observed to learn the hot pages.
	learnFor = 8
	// relearnAfter is after how many restores they are learned anew.
	relearnAfter = 4096
	// hotRuns bounds how many ranges a hot set has. Each gap between two costs
	// a system call in every restore, which is still cheaper than a fault.
	hotRuns = 128
	// hotGap is the gap, in pages, that is copied rather than dropped: a
	// system call costs as much.
	hotGap = 4
)

// hotSet is what is known about the pages that calls make private.
type hotSet struct {
	restores int
	runs     []region // into room
	room     [hotRuns]region
	pages    int
}

// learning reports whether the next restore is observed, and first whether it
// is the first of them.
func (h *hotSet) learning() (yes, first bool) {
	if h.restores == relearnAfter {
		h.restores = 0
	}
	return h.restores < learnFor, h.restores == 0
}

// copyHot copies the hot pages back and drops all others unseen, which is
// right whatever the guess. While it learns it copies what it sees.
func (r *Restorer) copyHot(st *RestoreStats) error {
	learning, first := r.hot.learning()
	r.hot.restores++
	switch {
	case first:
		r.drop(st) // from here on private means touched since
		return nil
	case !learning:
		r.restoreHot(st)
		return nil
	case r.hot.restores < learnFor:
		return r.copyBack(st)
	}
	if err := r.learn(); err != nil {
		return err
	}
	r.restoreHot(st)
	return nil
}

// learn makes the hot set out of the pages that are private now.
func (r *Restorer) learn() error {
	h, memory := r.hot, r.memory.view()
	h.runs = h.room[:0]
	for at := uint64(0); at < r.image.size; {
		found, next, err := r.scanner.next(memory, at)
		if err != nil {
			return fmt.Errorf("list private pages: %w", err)
		}
		for _, f := range found {
			h.add(f, hotGap*r.image.page)
		}
		at = next
	}
	h.pages = 0
	for _, f := range h.runs {
		h.pages += r.pages(f)
	}
	if h.pages > dropAbove {
		h.runs, h.pages = h.runs[:0], 0 // too many to copy: drop all
	}
	return nil
}

// add adds a range after the others. Without room for it, near neighbours are
// joined first.
func (h *hotSet) add(f region, gap uint64) {
	for ; ; gap *= 2 {
		if n := len(h.runs); n > 0 && f.start-h.runs[n-1].end <= gap {
			h.runs[n-1].end = f.end
			return
		}
		if len(h.runs) < cap(h.runs) {
			h.runs = append(h.runs, f)
			return
		}
		h.condense(gap)
	}
}

// condense joins ranges whose gap is small.
func (h *hotSet) condense(gap uint64) {
	kept := h.runs[:1]
	for _, f := range h.runs[1:] {
		last := &kept[len(kept)-1]
		if f.start-last.end <= gap {
			last.end = f.end
			continue
		}
		kept = append(kept, f)
	}
	h.runs = kept
}

// restoreHot copies the ranges of the hot set back and drops the gaps.
func (r *Restorer) restoreHot(st *RestoreStats) {
	memory := r.memory.view()
	at := uint64(0)
	for _, f := range r.hot.runs {
		if !r.dropGap(at, f.start) {
			r.copyAll(st)
			return
		}
		r.image.copyTo(memory, f.start, f.end)
		at = f.end
	}
	if !r.dropGap(at, r.image.size) {
		r.copyAll(st)
		return
	}
	st.Pages = r.hot.pages
	r.settle(st.Pages)
}

func (r *Restorer) dropGap(from, to uint64) bool {
	return from == to || discard(r.memory.buf[from:to]) == nil
}
