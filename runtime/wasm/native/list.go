package native

import "encoding/binary"

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
func (s listSize) list(f frame, i int) (l list, code int64) {
	head := numberSize * (1 + s.items)
	buffer, code := f.room(i, head+s.bytes)
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
