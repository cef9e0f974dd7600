package snapshot

import (
	"fmt"
	"hash/maphash"
)

// Verify compares the instance with the image, byte by byte, and says what
// differs first. It reads the whole memory and is meant for self-tests, not
// for calls. It holds right after [NewRestorer] and [Restorer.Restore].
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
	if maphash.Bytes(r.image.seed, r.memory.view()) == r.image.sum {
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

// difference looks for the byte that makes the hashes differ.
func (r *Restorer) difference() error {
	for n, b := range r.memory.view() {
		if want := r.image.bytes[n]; b != want {
			return fmt.Errorf("byte %#x of the memory is %#x, in the image it is %#x", n, b, want)
		}
	}
	return fmt.Errorf("the image of %d bytes is not what it was when it was taken", r.image.size)
}
