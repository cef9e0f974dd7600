package snapshot

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL

// imageFile is a sealed file in memory that holds the bytes of an image, and a
// read-only view of it.
type imageFile struct {
	fd   int
	view []byte
}

// newFile makes a file of the given size out of runs of data; the rest is
// zero and takes no memory.
func newFile(size uint64, runs func(yield func(offset uint64, data []byte) bool)) (*imageFile, error) {
	fd, err := memfd()
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := &imageFile{fd: fd}
	if err := f.fill(size, runs); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// memfd makes a file that can never be executed, where the kernel knows that.
func memfd() (int, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("sallyport-image", flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("sallyport-image", flags)
	}
	return fd, err
}

func (f *imageFile) fill(size uint64, runs func(yield func(uint64, []byte) bool)) error {
	if err := unix.Ftruncate(f.fd, int64(size)); err != nil {
		return fmt.Errorf("size image file: %w", err)
	}
	for offset, data := range runs {
		if err := f.write(offset, data); err != nil {
			return fmt.Errorf("write image file: %w", err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(f.fd), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal image file: %w", err)
	}
	// Private, because kernels before 6.7 do not map a sealed file shared even
	// for reading. Nobody can write to it: the pages are the file's own.
	p, err := unix.MmapPtr(f.fd, 0, nil, uintptr(size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("map image file: %w", err)
	}
	f.view = unsafe.Slice((*byte)(p), size)
	return nil
}

func (f *imageFile) write(offset uint64, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Pwrite(f.fd, data, int64(offset))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		}
		data, offset = data[n:], offset+uint64(n)
	}
	return nil
}

// mapOver maps the file privately in place of b, which has its size.
func (f *imageFile) mapOver(b []byte) error {
	_, err := unix.MmapPtr(f.fd, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return err
}

// close ends the view and the descriptor. What is mapped elsewhere stays.
func (f *imageFile) close() {
	if f.view != nil {
		_ = release(f.view) // a mapping of our own: munmap has no way to fail
	}
	_ = unix.Close(f.fd) // a file in memory has nothing to flush
}
