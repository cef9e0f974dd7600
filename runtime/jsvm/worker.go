package jsvm

// start makes a goroutine work on r: one that waits, or a new one.
func (p *pool) start(r *run) {
	select {
	case p.next <- r:
	default:
		p.running.Go(func() { p.serve(r) })
	}
}

// serve works on one run after the other, until the pool closes or there is a
// goroutine for each processor that waits. One that goes on has the stack that
// a script needs; a new one has to grow it by six copies.
func (p *pool) serve(r *run) {
	for {
		r.work()
		if p.idle.Add(1) > p.maxIdle {
			p.idle.Add(-1)
			return
		}
		select {
		case r = <-p.next:
			p.idle.Add(-1)
		case <-p.closing:
			return
		}
	}
}

// close lets the goroutines end that wait. No call may begin after it.
func (p *pool) close() { close(p.closing) }
