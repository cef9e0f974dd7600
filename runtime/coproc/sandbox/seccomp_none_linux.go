//go:build linux && !amd64 && !arm64

package sandbox

// filter does nothing: there is no filter for this architecture.
func (s *shim) filter() error { return nil }

func (s *shim) announceFilter() error {
	s.noFilter("there is none for this architecture")
	return nil
}
