package sallyport

import (
	"encoding/binary"
	"iter"
)

// The messages.
const (
	ofRequest uint32 = iota
	ofReply
)

// Field is one header field.
type Field struct{ Name, Value string }

// Header gives access to the header fields of a message. Names are compared
// without regard to case.
type Header struct {
	x       *Exchange
	message uint32
}

// Get returns the value of the first field of that name, or nil.
func (h Header) Get(name string) Value {
	n := hostHeaderGet(&h.x.host, h.message, name, h.x.free())
	if h.x.tooSmall(n) {
		n = hostHeaderGet(&h.x.host, h.message, name, h.x.free())
	}
	return h.x.take(n)
}

// Has reports whether there is a field of that name.
func (h Header) Has(name string) bool {
	return hostHeaderGet(&h.x.host, h.message, name, nil) >= 0
}

// Values yields the values of all fields of that name.
func (h Header) Values(name string) iter.Seq[Value] { return items(h.values(name)) }

func (h Header) values(name string) Value {
	n := hostHeaderValues(&h.x.host, h.message, name, h.x.free())
	if h.x.tooSmall(n) {
		n = hostHeaderValues(&h.x.host, h.message, name, h.x.free())
	}
	return h.x.take(n)
}

// Names yields every name once, as it was first spelled.
func (h Header) Names() iter.Seq[Value] { return items(h.names()) }

func (h Header) names() Value {
	n := hostHeaderNames(&h.x.host, h.message, h.x.free())
	if h.x.tooSmall(n) {
		n = hostHeaderNames(&h.x.host, h.message, h.x.free())
	}
	return h.x.take(n)
}

// All yields name and value of all fields in their order, read in one call of
// the host.
func (h Header) All() iter.Seq2[Value, Value] { return pairs(h.all()) }

func (h Header) all() Value {
	n := hostHeaderAll(&h.x.host, h.message, h.x.free())
	if h.x.tooSmall(n) {
		n = hostHeaderAll(&h.x.host, h.message, h.x.free())
	}
	return h.x.take(n)
}

// Set replaces all fields of that name by one.
func (h Header) Set(name, value string) error {
	return check(hostHeaderSet(&h.x.host, h.message, name, value))
}

// SetBytes is Set with a value that is not a string.
func (h Header) SetBytes(name string, value []byte) error { return h.Set(name, view(value)) }

// Add appends a field.
func (h Header) Add(name, value string) error {
	return check(hostHeaderAdd(&h.x.host, h.message, name, value))
}

// AddBytes is Add with a value that is not a string.
func (h Header) AddBytes(name string, value []byte) error { return h.Add(name, view(value)) }

// Del removes all fields of that name.
func (h Header) Del(name string) error {
	return check(hostHeaderDel(&h.x.host, h.message, name))
}

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
