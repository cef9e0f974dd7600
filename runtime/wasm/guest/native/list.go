package native

import (
	"encoding/binary"

	"github.com/c386954a/sallyport/abi"
)

// A list in the guest's memory is a count, the length of each item, and then
// the items without a gap; all numbers are 32-bit little endian.
const numberSize = 4

// listSize adds up how much room a list takes.
type listSize struct{ items, bytes int }

func (s *listSize) add(item []byte) {
	s.items++
	s.bytes += len(item)
}

// list opens the list in the buffer that arguments i and i+1 select; code is
// the result to answer with. If the buffer is too small, the list does not
// fit and nothing may be put.
func (s listSize) list(f hostFrame, i int) (l list, code int64) {
	head := numberSize * (1 + s.items)
	buffer, code := f.reserve(i, head+s.bytes)
	if buffer == nil {
		return list{}, code
	}
	binary.LittleEndian.PutUint32(buffer, uint32(s.items))
	return list{lengths: buffer[numberSize:head], items: buffer[head:]}, code
}

// list is the unwritten rest of a list in the guest's memory.
type list struct{ lengths, items []byte }

func (l *list) fits() bool { return l.items != nil }

// put writes the next item.
func (l *list) put(item []byte) {
	binary.LittleEndian.PutUint32(l.lengths, uint32(len(item)))
	l.lengths = l.lengths[numberSize:]
	l.items = l.items[copy(l.items, item):]
}

// givePairs writes name, value, name, value, … to the buffer that arguments i
// and i+1 select.
func (f hostFrame) givePairs(i int, pairs abi.Header) int64 {
	var size listSize
	for _, p := range pairs {
		size.add(p.Name)
		size.add(p.Value)
	}
	list, code := size.list(f, i)
	if list.fits() {
		for _, p := range pairs {
			list.put(p.Name)
			list.put(p.Value)
		}
	}
	return code
}

// readPairs appends the items of a list that a guest wrote to pairs: names
// with their values. No bytes at all are an empty list. It is not ok if the
// lengths do not add up to the list, or a value is missing.
func readPairs(pairs abi.Header, b []byte) (all abi.Header, ok bool) {
	if len(b) == 0 {
		return pairs, true
	}
	if len(b) < numberSize {
		return nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	head := numberSize * (1 + n)
	if n%2 != 0 || head > uint64(len(b)) {
		return nil, false
	}
	r := listReader{lengths: b[numberSize:head], items: b[head:]}
	for len(r.lengths) > 0 {
		p := abi.Field{Name: r.next(), Value: r.next()}
		pairs = append(pairs, p)
	}
	return pairs, !r.broken && len(r.items) == 0
}

// listReader is the unread rest of a list that a guest wrote.
type listReader struct {
	lengths, items []byte
	broken         bool // an item leaves the list
}

// next returns the next item; there must be one.
func (r *listReader) next() []byte {
	n := binary.LittleEndian.Uint32(r.lengths)
	r.lengths = r.lengths[numberSize:]
	if uint64(n) > uint64(len(r.items)) {
		r.broken, r.items = true, nil
		return nil
	}
	item := r.items[:n:n]
	r.items = r.items[n:]
	return item
}
