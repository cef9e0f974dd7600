package abi

// maxArena is the largest buffer an arena keeps between requests.
const maxArena = 64 << 10

// arena holds the bytes of edits. Bytes never move once handed out: a full
// chunk is left to the garbage collector and a larger one takes its place.
type arena struct{ chunk []byte }

// copy returns a copy of b that lives until the next reset. It is never nil.
func (a *arena) copy(b []byte) []byte {
	if cap(a.chunk)-len(a.chunk) < len(b) || a.chunk == nil {
		// Doubling stops at what is kept anyway: the small edit after a large
		// body needs no chunk of twice the body.
		a.chunk = make([]byte, 0, max(min(2*cap(a.chunk), maxArena), len(b), 1024))
	}
	start := len(a.chunk)
	a.chunk = append(a.chunk, b...)
	return a.chunk[start:len(a.chunk):len(a.chunk)]
}

func (a *arena) reset() {
	if cap(a.chunk) > maxArena {
		a.chunk = nil
	}
	a.chunk = a.chunk[:0]
}
