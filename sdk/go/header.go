package sallyport

import "iter"

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
