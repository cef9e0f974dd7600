//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package snapshot

import "errors"

// Probe reports no reservations here, so that memories live on the Go heap and
// nothing below is called.

func reserve(uint64, bool) ([]byte, error) { return nil, errors.ErrUnsupported }

func release([]byte) error { return errors.ErrUnsupported }

func commit([]byte) error { return errors.ErrUnsupported }

func discard([]byte) error { return errors.ErrUnsupported }

// residency is not known here.
func residency([]byte, uint64) []byte { return nil }
