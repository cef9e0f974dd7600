package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"sync"

	"github.com/tetratelabs/wazero/api"
)

// Image is the state of an instance at one moment: the bytes of its memory,
// its size and its mutable globals. It does not change. It is safe for
// concurrent use.
type Image struct {
	size    uint64
	globals []uint64
	types   []api.ValueType
	seed    maphash.Seed
	sum     uint64

	mapped  bool     // clones map the file
	page    uint64   // of the host, in bytes
	filled  []uint64 // a bit for each page that is not all zero
	stored  uint64
	bytes   []byte     // read-only
	file    *imageFile // nil where the bytes are a copy on the heap
	pagemap *pagemap   // nil without Capabilities.Pagemap

	mu     sync.Mutex // protects the fields below
	users  int
	closed bool
}

// Take makes an image of a memory and of the globals of its module, which must
// not be running. Globals may be of the types i32, i64, f32 and f64, and a
// clone's must come in the same order. The image is independent of the memory;
// [Image.Close] ends it.
func Take(m *LinearMemory, globals []api.MutableGlobal) (*Image, error) {
	if m.module == nil || m.freed.Load() {
		return nil, fmt.Errorf("take image: %w", errClosed)
	}
	i := &Image{size: m.size, seed: maphash.MakeSeed(), page: uint64(os.Getpagesize())}
	if err := i.keepGlobals(globals); err != nil {
		return nil, fmt.Errorf("take image: %w", err)
	}
	memory := m.view()
	i.mark(memory)
	i.sum = i.hash(memory)
	if err := i.store(m.caps, memory); err != nil {
		return nil, fmt.Errorf("take image: %w", err)
	}
	return i, nil
}

// Size returns the bytes of memory an instance has after a restore.
func (i *Image) Size() uint64 { return i.size }

// Stored returns how many of them the image keeps: those of pages that are not
// all zero.
func (i *Image) Stored() uint64 { return i.stored }

// Mapped reports whether clones share the image's pages instead of copying it.
func (i *Image) Mapped() bool { return i.mapped }

// Close gives the image's memory and descriptors back as soon as the last
// restorer that uses it is closed. No new restorer can be made.
func (i *Image) Close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return
	}
	i.closed = true
	i.releaseUnused()
}

func (i *Image) keepGlobals(globals []api.MutableGlobal) error {
	for n, g := range globals {
		t := g.Type()
		switch t {
		case api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64:
		default:
			return fmt.Errorf("global %d is of type %s, which cannot be restored", n, api.ValueTypeName(t))
		}
		i.types = append(i.types, t)
		i.globals = append(i.globals, g.Get())
	}
	return nil
}

// mark finds the pages that are not all zero.
func (i *Image) mark(memory []byte) {
	zero := make([]byte, i.page)
	i.filled = make([]uint64, (i.size/i.page+63)/64)
	for n := range i.size / i.page {
		if !bytes.Equal(memory[n*i.page:(n+1)*i.page], zero) {
			i.filled[n/64] |= 1 << (n % 64)
			i.stored += i.page
		}
	}
}

func (i *Image) store(caps Capabilities, memory []byte) error {
	if i.size == 0 {
		return nil
	}
	if !caps.mapped() {
		i.bytes = bytes.Clone(memory)
		return nil
	}
	f, err := newFile(i.size, i.runs(memory))
	if err != nil {
		return err
	}
	i.file, i.bytes, i.mapped = f, f.view, true
	if !caps.Pagemap {
		return nil
	}
	if i.pagemap, err = openPagemap(); err != nil {
		f.close()
		return err
	}
	return nil
}

// runs ranges over the parts of memory that are not zero.
func (i *Image) runs(memory []byte) func(yield func(uint64, []byte) bool) {
	return func(yield func(uint64, []byte) bool) {
		for at := uint64(0); at < i.size; {
			end, filled := i.run(at, i.size)
			if filled && !yield(at, memory[at:end]) {
				return
			}
			at = end
		}
	}
}

// run returns the end, at most limit, of the pages from at on that are all
// zero, or all not.
func (i *Image) run(at, limit uint64) (end uint64, filled bool) {
	filled = i.isFilled(at)
	for end = at + i.page; end < limit && i.isFilled(end) == filled; {
		end += i.page
	}
	return end, filled
}

func (i *Image) isFilled(at uint64) bool {
	n := at / i.page
	return i.filled[n/64]&(1<<(n%64)) != 0
}

// copyTo writes a range of whole pages of the image to a memory. Zero pages
// are cleared, not copied: reading them would fill holes of the file.
func (i *Image) copyTo(memory []byte, from, to uint64) {
	for from < to {
		end, filled := i.run(from, to)
		if filled {
			copy(memory[from:end], i.bytes[from:end])
		} else {
			clear(memory[from:end])
		}
		from = end
	}
}

// use counts a restorer.
func (i *Image) use() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return errors.New("the image is closed")
	}
	i.users++
	return nil
}

func (i *Image) unuse() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.users--
	i.releaseUnused()
}

// releaseUnused frees the resources when nobody is left.
func (i *Image) releaseUnused() {
	if !i.closed || i.users > 0 {
		return
	}
	if i.file != nil {
		i.file.close()
	}
	if i.pagemap != nil {
		i.pagemap.close()
	}
	i.bytes, i.file, i.pagemap = nil, nil, nil
}
