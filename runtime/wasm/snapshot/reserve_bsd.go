//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package snapshot

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const anonymous = unix.MAP_PRIVATE | unix.MAP_ANON

// reserve returns n bytes of address space that use no memory until they are
// touched. With commitOnGrow they must be committed first.
func reserve(n uint64, commitOnGrow bool) ([]byte, error) {
	prot := unix.PROT_READ | unix.PROT_WRITE
	if commitOnGrow {
		prot = unix.PROT_NONE
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(n), prot, anonymous)
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

// discard makes a range zero by mapping fresh pages over it: madvise promises
// no zeros on these systems.
func discard(b []byte) error {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, anonymous|unix.MAP_FIXED)
	return err
}

// residency is not known here.
func residency([]byte, uint64) []byte { return nil }
