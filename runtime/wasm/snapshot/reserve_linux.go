package snapshot

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve returns n bytes of address space that use no memory until they are
// touched. With commitOnGrow they must be committed first.
func reserve(n uint64, commitOnGrow bool) ([]byte, error) {
	prot := unix.PROT_READ | unix.PROT_WRITE
	if commitOnGrow {
		prot = unix.PROT_NONE
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(n), prot,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), n), nil
}

// release gives address space back, whatever was mapped over parts of it.
func release(b []byte) error {
	return unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)))
}

// commit makes reserved space usable.
func commit(b []byte) error {
	return unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE)
}

// discard drops the private pages of a range: it reads as zero, or as the file
// that is mapped there.
func discard(b []byte) error {
	return unix.Madvise(b, unix.MADV_DONTNEED)
}

// residency returns a byte for each page, whose lowest bit is set if the page
// exists, in the mapping or in its file; a page that is swapped out counts as
// missing. nil means that it is not known.
func residency(b []byte, page uint64) []byte {
	if len(b) == 0 {
		return nil
	}
	pages := make([]byte, uint64(len(b))/page)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), uintptr(unsafe.Pointer(unsafe.SliceData(pages))))
	if errno != 0 { // not page-aligned: memory on the heap
		return nil
	}
	return pages
}
