package snapshot

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's interface, linux/fs.h. x/sys/unix does not have it yet.
const (
	pagemapScan = 0xC0606610 // _IOWR('f', 16, struct pm_scan_arg)

	pageIsFile    = 1 << 2
	pageIsPresent = 1 << 3
	pageIsSwapped = 1 << 4
)

// Bits of an entry of /proc/self/pagemap.
const (
	entryPresent = 1 << 63
	entrySwapped = 1 << 62
	entryFile    = 1 << 61 // of a file, or shared
)

var errNoProgress = errors.New("the kernel reads no page map")

// scanArg is struct pm_scan_arg.
type scanArg struct {
	size, flags           uint64
	start, end, walkEnd   uint64
	vec, vecLen, maxPages uint64
	inverted, mask        uint64
	anyOf, returned       uint64
}

// pagemap is an open /proc/self/pagemap. It may be used by many goroutines.
type pagemap struct{ fd int }

func openPagemap() (*pagemap, error) {
	fd, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /proc/self/pagemap: %w", err)
	}
	return &pagemap{fd: fd}, nil
}

func (p *pagemap) close() { _ = unix.Close(p.fd) }

// pageScanner lists the private pages of a memory. It is used by one goroutine at
// a time.
type pageScanner struct {
	fd      int
	page    uint64
	arg     scanArg
	found   [64]region
	entries []uint64 // room for entries; nil to use PAGEMAP_SCAN
}

// region is struct page_region.
type region struct {
	start, end uint64
	_          uint64 // categories
}

// newScanner returns a scanner that uses PAGEMAP_SCAN, or else reads the
// entries of the page map. It is not inlined so that the scanner is on the
// heap: the kernel gets its address as a number, and stacks move.
//
//go:noinline
func newScanner(p *pagemap, ioctl bool) *pageScanner {
	s := &pageScanner{fd: p.fd, page: uint64(os.Getpagesize())}
	if !ioctl {
		s.entries = make([]uint64, 512)
		return s
	}
	s.arg = scanArg{
		size:     uint64(unsafe.Sizeof(s.arg)),
		vecLen:   uint64(len(s.found)),
		inverted: pageIsFile,
		mask:     pageIsFile,
		anyOf:    pageIsPresent | pageIsSwapped,
		returned: pageIsFile, // never set in what is found: neighbours merge
	}
	return s
}

// next lists private pages of memory from the offset at on, as ascending
// ranges of offsets that are valid until the next call. It returns where to go
// on; the end is the length of memory.
func (s *pageScanner) next(memory []byte, at uint64) (found []region, next uint64, err error) {
	if s.entries != nil {
		return s.read(memory, at)
	}
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
	s.arg.start, s.arg.end = base+at, base+uint64(len(memory))
	s.arg.vec = uint64(uintptr(unsafe.Pointer(&s.found)))
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(s.fd), pagemapScan, uintptr(unsafe.Pointer(&s.arg)))
	if errno != 0 {
		return nil, at, errno
	}
	if s.arg.walkEnd <= s.arg.start || n > uintptr(len(s.found)) {
		return nil, at, errNoProgress
	}
	found = s.found[:n]
	for i := range found {
		found[i].start -= base
		found[i].end -= base
	}
	return found, s.arg.walkEnd - base, nil
}

// read does what next does, on kernels without PAGEMAP_SCAN.
func (s *pageScanner) read(memory []byte, at uint64) (found []region, next uint64, err error) {
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
	entries := s.entries[:min(uint64(len(s.entries)), (uint64(len(memory))-at)/s.page)]
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(entries))), len(entries)*8)
	n, err := unix.Pread(s.fd, raw, int64((base+at)/s.page*8))
	if err != nil {
		return nil, at, err
	}
	if n < 8 {
		return nil, at, errNoProgress
	}
	found = s.found[:0]
	for _, e := range entries[:n/8] {
		if isPrivate(e) {
			if len(found) == len(s.found) && found[len(found)-1].end != at {
				return found, at, nil
			}
			found = join(found, at, at+s.page)
		}
		at += s.page
	}
	return found, at, nil
}

// isPrivate reports whether an entry is that of a private copy.
func isPrivate(entry uint64) bool {
	return entry&(entryPresent|entrySwapped) != 0 && entry&entryFile == 0
}

// join adds a range to the end of ascending ones.
func join(to []region, start, end uint64) []region {
	if n := len(to); n > 0 && to[n-1].end == start {
		to[n-1].end = end
		return to
	}
	return append(to, region{start: start, end: end})
}
