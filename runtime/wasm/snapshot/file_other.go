//go:build !linux

package snapshot

import "errors"

// Probe reports no images and no page map here, so that none of this is used.

type imageFile struct{ view []byte }

func newFile(uint64, func(func(uint64, []byte) bool)) (*imageFile, error) {
	return nil, errors.ErrUnsupported
}

func (*imageFile) mapOver([]byte) error { return errors.ErrUnsupported }

func (*imageFile) close() {}

type pagemap struct{}

func openPagemap() (*pagemap, error) { return nil, errors.ErrUnsupported }

func (*pagemap) close() {}

type pageScanner struct{}

type region struct{ start, end uint64 }

func newScanner(*pagemap, bool) *pageScanner { return &pageScanner{} }

func (*pageScanner) next(_ []byte, at uint64) ([]region, uint64, error) {
	return nil, at, errors.ErrUnsupported
}
