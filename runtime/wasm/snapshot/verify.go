package snapshot

import (
	"fmt"
	"hash/maphash"
)

// Verify compares the instance with the image and says what differs first. It
// looks at the whole memory and is meant for self-tests, not for calls. It
// holds right after [NewRestorer] and [Restorer.Restore].
func (r *Restorer) Verify() error {
	if r.closed || r.memory.freed.Load() {
		return errClosed
	}
	if err := r.verifySize(); err != nil {
		return err
	}
	for n, g := range r.globals {
		if got, want := g.Get(), r.image.globals[n]; got != want {
			return fmt.Errorf("global %d is %#x, in the image it is %#x", n, got, want)
		}
	}
	if err := r.verifyZeros(); err != nil {
		return err
	}
	if r.image.hash(r.memory.view()) == r.image.sum {
		return nil
	}
	return r.difference()
}

func (r *Restorer) verifySize() error {
	if r.memory.size != r.image.size {
		return fmt.Errorf("memory has %d bytes, the image %d", r.memory.size, r.image.size)
	}
	if !r.memory.allocated {
		return nil
	}
	if n := r.memory.module.Memory().Size(); uint64(n) != r.image.size {
		return fmt.Errorf("the engine sees %d bytes of memory, the image has %d", n, r.image.size)
	}
	return nil
}

// verifyZeros looks for anything in the pages that are zero in the image. It
// does not read those that exist nowhere: reading would make the kernel add
// them to the image's file.
func (r *Restorer) verifyZeros() error {
	memory, page := r.memory.view(), r.image.page
	present := residency(memory, page)
	for n := range r.image.size / page {
		if r.image.isFilled(n*page) || (present != nil && present[n]&1 == 0) {
			continue
		}
		for at := n * page; at < (n+1)*page; at++ {
			if memory[at] != 0 {
				return differs(at, memory[at], 0)
			}
		}
	}
	return nil
}

// difference looks for the byte that makes the hashes differ.
func (r *Restorer) difference() error {
	memory := r.memory.view()
	for offset, data := range r.image.runs(r.image.bytes) {
		for n, want := range data {
			if at := offset + uint64(n); memory[at] != want {
				return differs(at, memory[at], want)
			}
		}
	}
	return fmt.Errorf("the image of %d bytes is not what it was when it was taken", r.image.size)
}

func differs(at uint64, got, want byte) error {
	return fmt.Errorf("byte %#x of the memory is %#x, in the image it is %#x", at, got, want)
}

// hash returns a hash of the pages of a memory that are not zero in the image.
func (i *Image) hash(memory []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(i.seed)
	for _, data := range i.runs(memory) {
		_, _ = h.Write(data) // never fails
	}
	return h.Sum64()
}
