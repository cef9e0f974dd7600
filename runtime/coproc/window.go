package coproc

// resize lets n dispatches at a time in, at least one and at most what both
// sides agreed on. Calls in flight beyond a smaller window go on.
func (t *table) resize(n int) {
	n = min(max(n, 1), t.size)
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.width() < n {
		t.widen()
	}
	for t.width() > n {
		t.narrow()
	}
}

// step makes the window a quarter smaller, or one larger.
func (t *table) step(smaller bool) {
	t.mu.Lock()
	n := t.width()
	t.mu.Unlock()
	if smaller {
		t.resize(n - max(n/4, 1))
		return
	}
	if n < t.size {
		t.resize(n + 1)
	}
}

// width returns the size the window has at present. mu is held.
func (t *table) width() int { return t.size - t.parked - t.debt }

func (t *table) widen() {
	if t.debt > 0 {
		t.debt--
		return
	}
	t.parked--
	t.window <- struct{}{}
}

func (t *table) narrow() {
	select {
	case <-t.window:
		t.parked++
	default:
		t.debt++
	}
}
