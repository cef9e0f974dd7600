package abi

import (
	"bytes"
	"testing"
)

func TestBytesOfAnArenaNeverMove(t *testing.T) {
	var a arena
	var all [][]byte
	for i := range 1000 {
		all = append(all, a.copy(bytes.Repeat([]byte{byte(i)}, i%97)))
	}
	for i, b := range all {
		if !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, i%97)) || b == nil {
			t.Fatalf("copy number %d became %v", i, b)
		}
		if cap(b) != len(b) {
			t.Fatalf("copy number %d can be appended to in place", i)
		}
	}
}

func TestArenaDropsAnOversizedChunk(t *testing.T) {
	var a arena
	a.copy(make([]byte, maxArena+1))
	a.copy([]byte("small"))
	if n := cap(a.chunk); n > maxArena {
		t.Errorf("the chunk after a large copy has %d bytes", n)
	}
	a.copy(make([]byte, 4*maxArena))
	a.reset()
	if n := cap(a.chunk); n > maxArena {
		t.Errorf("%d bytes are kept, want at most %d", n, maxArena)
	}
}

func TestArenaKeepsAnOrdinaryChunk(t *testing.T) {
	var a arena
	a.copy(make([]byte, 100))
	chunk := &a.chunk[:1][0]
	a.reset()
	a.copy(make([]byte, 100))
	if &a.chunk[:1][0] != chunk {
		t.Error("the chunk is not used again")
	}
}
