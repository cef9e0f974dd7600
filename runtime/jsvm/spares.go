package jsvm

import "sync"

// spares keeps copies of a program ready, so that requests do not wait for
// them. Every copy is used once.
type spares struct {
	program *program
	ready   chan *machine
	closing chan struct{}
	running sync.WaitGroup // the goroutine that copies
}

func newSpares(p *program, size int) *spares {
	s := &spares{program: p, ready: make(chan *machine, size), closing: make(chan struct{})}
	s.running.Go(s.refill)
	return s
}

// refill copies the program ahead of the requests.
func (s *spares) refill() {
	for {
		m := s.program.copy()
		select {
		case s.ready <- m:
		case <-s.closing:
			s.program.release(m)
			return
		}
	}
}

// take returns a copy made ahead, or makes one.
func (s *spares) take() *machine {
	select {
	case m := <-s.ready:
		return m
	default:
		return s.program.copy()
	}
}

// close ends the copying and lets go of the copies.
func (s *spares) close() {
	close(s.closing)
	s.running.Wait()
	for {
		select {
		case m := <-s.ready:
			s.program.release(m)
		default:
			return
		}
	}
}
