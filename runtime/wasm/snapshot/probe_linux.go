package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// Probe tries out what the system offers, with a mapping of a few pages, and
// says in a sentence what it found. It takes well below a millisecond; call it
// once and keep the answer.
func Probe() Capabilities {
	c := Capabilities{}
	page := uint64(os.Getpagesize())
	memory, err := reserve(4*page, false)
	if err != nil {
		c.Reason = fmt.Sprintf("memory is on the heap: no address space can be reserved: %v", err)
		return c
	}
	defer func() { _ = release(memory) }() // a mapping of our own
	c.Reserve = true
	c.CommitOnGrow = strictOvercommit()
	if err := probeImage(memory, page); err != nil {
		c.Reason = fmt.Sprintf("images are copied: no private mapping of a file in memory: %v", err)
		return c
	}
	c.Image = true
	c.probePagemap(memory, page)
	return c
}

// strictOvercommit reports whether writable space counts as used.
func strictOvercommit() bool {
	mode, err := os.ReadFile("/proc/sys/vm/overcommit_memory")
	return err == nil && string(bytes.TrimSpace(mode)) == "2"
}

// probeImage maps a file over the memory and leaves exactly one private page,
// the third.
func probeImage(memory []byte, page uint64) error {
	content := bytes.Repeat([]byte{'i'}, len(memory))
	f, err := newFile(uint64(len(memory)), func(yield func(uint64, []byte) bool) { yield(0, content) })
	if err != nil {
		return err
	}
	defer f.close()
	if err := f.mapOver(memory); err != nil {
		return err
	}
	if !bytes.Equal(memory, content) {
		return errors.New("the mapping shows something else")
	}
	memory[2*page] = 'p'
	if !bytes.Equal(f.view, content) {
		return errors.New("the mapping is not private")
	}
	if err := discard(memory); err != nil {
		return err
	}
	if !bytes.Equal(memory, content) {
		return errors.New("a private page cannot be dropped")
	}
	memory[2*page] = 'p'
	return nil
}

// probePagemap asks for the private page that probeImage left, in both ways.
func (c *Capabilities) probePagemap(memory []byte, page uint64) {
	p, err := openPagemap()
	if err != nil {
		c.Reason = fmt.Sprintf("private pages cannot be listed: %v", err)
		return
	}
	defer p.close()
	want := region{start: 2 * page, end: 3 * page}
	if err := probeScanner(newScanner(p, false), memory, want); err != nil {
		c.Reason = fmt.Sprintf("private pages cannot be listed: /proc/self/pagemap: %v", err)
		return
	}
	c.Pagemap = true
	if err := probeScanner(newScanner(p, true), memory, want); err != nil {
		c.Reason = fmt.Sprintf("private pages are learned from /proc/self/pagemap: no PAGEMAP_SCAN: %v", err)
		return
	}
	c.PageScan = true
	c.Reason = "the kernel lists private pages with PAGEMAP_SCAN"
}

func probeScanner(s *pageScanner, memory []byte, want region) error {
	var found []region
	for at := uint64(0); at < uint64(len(memory)); {
		part, next, err := s.next(memory, at)
		if err != nil {
			return err
		}
		found, at = append(found, part...), next
	}
	if len(found) != 1 || found[0].start != want.start || found[0].end != want.end {
		return errors.New("it does not list the one private page there is")
	}
	return nil
}
