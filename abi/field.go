package abi

// Field is one name and value: a header field line (RFC 9110 section 5), or
// one entry of [Meta].
type Field struct{ Name, Value []byte }

// Header is a list of header fields in the order they were received. Names
// keep their spelling and are compared without regard to case; a name may
// occur more than once.
type Header []Field

// Get returns the value of the first field of that name.
func (h Header) Get(name []byte) (value []byte, ok bool) {
	if i := h.Index(name, 0); i >= 0 {
		return h[i].Value, true
	}
	return nil, false
}

// Index returns the position of the first field of that name at or after
// from, or -1. It walks repeated fields without allocating.
func (h Header) Index(name []byte, from int) int {
	for i := from; i < len(h); i++ {
		if EqualFold(h[i].Name, name) {
			return i
		}
	}
	return -1
}

// Meta holds the values that plugins of one request leave for later ones.
// Names are unique and case counts.
type Meta []Field

// Get returns the value of that name.
func (m Meta) Get(name []byte) (value []byte, ok bool) {
	if i := m.index(name); i >= 0 {
		return m[i].Value, true
	}
	return nil, false
}

func (m Meta) index(name []byte) int {
	for i := range m {
		if string(m[i].Name) == string(name) {
			return i
		}
	}
	return -1
}

// IsConnectionField reports whether a field is about one connection (RFC 9110
// section 7.6.1). The gateway writes those itself, so that a plugin which sets
// one would do nothing, or confuse who reads the message.
func IsConnectionField(name []byte) bool {
	switch len(name) {
	case 2, 7, 10, 16, 17:
	default:
		return false
	}
	for _, f := range connectionFields {
		if EqualFold(name, f) {
			return true
		}
	}
	return false
}

// connectionFields is never written to.
var connectionFields = [...][]byte{
	[]byte("connection"), []byte("keep-alive"), []byte("proxy-connection"), []byte("te"), []byte("trailer"),
	[]byte("transfer-encoding"), []byte("upgrade"),
}

// connectionFieldError takes a string, since the bytes of callers must not
// escape.
func connectionFieldError(name string) error {
	return Errorf(Protocol, "the header field %q is about one connection: the gateway writes it", name)
}

// EqualFold reports whether two header names are equal without regard to
// ASCII case. Unlike bytes.EqualFold it folds no other letters.
func EqualFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// ValidName reports whether b is a header field name: a token of RFC 9110
// section 5.6.2.
func ValidName(b []byte) bool {
	for _, c := range b {
		if !tokenChar[c] {
			return false
		}
	}
	return len(b) > 0
}

// ValidValue reports whether b is safe as a header field value: RFC 9110
// section 5.5 forbids CR, LF and NUL, and we forbid the other control
// characters except tab as well.
func ValidValue(b []byte) bool {
	for _, c := range b {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return false
		}
	}
	return true
}

// validHost reports whether b can stand in a Host field (RFC 9110 section 7.2)
// without being taken for a path, a query, user information or a list.
func validHost(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
		switch c {
		case '/', '\\', '?', '#', '@', ',':
			return false
		}
	}
	return len(b) > 0
}

// validTarget reports whether b is an origin-form or asterisk-form request
// target (RFC 9112 section 3.2) that cannot break out of the request line.
func validTarget(b []byte) bool {
	if len(b) == 0 || (b[0] != '/' && string(b) != "*") {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// tokenChar marks the characters of a token. It is never written after its
// initialisation.
var tokenChar = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()

// Status says how a runtime keeps the instances of a plugin at this moment.
type Status struct {
	Mode      Mode
	Reset     string // how an instance gets fresh state: a strategy, "new-instance" or "none"
	Reason    string // why it is not the usual way; empty if it is
	Instances int    // that exist, in use or idle
	Idle      int    // of these
	Memory    uint64 // bytes resident for all of them, estimated
}

// Reporter is a [Plugin] that can tell how it is doing.
type Reporter interface {
	// Status may be called from many goroutines, and while calls run.
	Status() Status
}
