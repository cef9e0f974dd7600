package sallyport

import (
	"encoding/binary"
	"iter"
)

// list is a list as the host writes it: a count, the length of each item, and
// then the items; all numbers are 32-bit little endian.
type list struct {
	lengths, items Value
}

// open returns the items of a list that have not been read; nil has none.
func open(v Value) list {
	if len(v) < 4 {
		return list{}
	}
	head := 4 + 4*binary.LittleEndian.Uint32(v)
	return list{lengths: v[4:head], items: v[head:]}
}

// next takes the next item; ok is false at the end.
func (l *list) next() (item Value, ok bool) {
	if len(l.lengths) == 0 {
		return nil, false
	}
	n := binary.LittleEndian.Uint32(l.lengths)
	item = l.items[:n:n]
	l.lengths, l.items = l.lengths[4:], l.items[n:]
	return item, true
}

// items yields the items of a list. It is small enough to be inlined, so that
// a loop over it does not allocate.
func items(v Value) iter.Seq[Value] {
	return func(yield func(Value) bool) { walk(v, yield) }
}

func walk(v Value, yield func(Value) bool) {
	l := open(v)
	for {
		item, ok := l.next()
		if !ok || !yield(item) {
			return
		}
	}
}

// pairs yields the items of a list two at a time.
func pairs(v Value) iter.Seq2[Value, Value] {
	return func(yield func(name, value Value) bool) { walkPairs(v, yield) }
}

func walkPairs(v Value, yield func(name, value Value) bool) {
	l := open(v)
	for {
		name, _ := l.next()
		value, ok := l.next()
		if !ok || !yield(name, value) {
			return
		}
	}
}

// appendList appends a list as the host reads it.
func appendList(b []byte, items []string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(items)))
	for _, item := range items {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(item)))
	}
	for _, item := range items {
		b = append(b, item...)
	}
	return b
}

// appendFields appends the list of name, value, name, value, ….
func appendFields(b []byte, fields []Field) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(2*len(fields)))
	for _, f := range fields {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Value)))
	}
	for _, f := range fields {
		b = append(append(b, f.Name...), f.Value...)
	}
	return b
}
