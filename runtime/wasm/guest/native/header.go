package native

import "github.com/c386954a/sallyport/abi"

// messageOf returns the message that argument i selects.
func messageOf(f hostFrame, i int) (m abi.Message, ok bool) {
	n := f.u32(i)
	return abi.Message(n), n <= uint32(abi.OfReply)
}

// headerGet (message, name, name_len, buf, cap) reads the first value.
func headerGet(c *Call, f hostFrame) int64 {
	m, name, code := headerArgs(f)
	if code != 0 {
		return code
	}
	value, ok := c.x.Header(m).Get(name)
	if !ok {
		return int64(CodeNotFound)
	}
	return f.give(3, value)
}

// headerValues (message, name, name_len, buf, cap) lists all values.
func headerValues(c *Call, f hostFrame) int64 {
	m, name, code := headerArgs(f)
	if code != 0 {
		return code
	}
	h := c.x.Header(m)
	var size listSize
	for i := h.Index(name, 0); i >= 0; i = h.Index(name, i+1) {
		size.add(h[i].Value)
	}
	list, code := size.list(f, 3)
	if list.fits() {
		for i := h.Index(name, 0); i >= 0; i = h.Index(name, i+1) {
			list.put(h[i].Value)
		}
	}
	return code
}

// headerNames (message, buf, cap) lists every name once, as first spelled.
func headerNames(c *Call, f hostFrame) int64 {
	m, ok := messageOf(f, 0)
	if !ok {
		return int64(CodeInvalid)
	}
	h := c.x.Header(m)
	var size listSize
	for i := range h {
		if h.Index(h[i].Name, 0) == i {
			size.add(h[i].Name)
		}
	}
	list, code := size.list(f, 1)
	if list.fits() {
		for i := range h {
			if h.Index(h[i].Name, 0) == i {
				list.put(h[i].Name)
			}
		}
	}
	return code
}

// headerAll (message, buf, cap) lists name, value, name, value, ….
func headerAll(c *Call, f hostFrame) int64 {
	m, ok := messageOf(f, 0)
	if !ok {
		return int64(CodeInvalid)
	}
	return f.givePairs(1, c.x.Header(m))
}

// headerSet (message, name, name_len, value, value_len) replaces a field.
func headerSet(c *Call, f hostFrame) int64 {
	m, name, value, code := fieldArgs(f)
	if code != 0 {
		return code
	}
	return c.edited(c.x.SetHeader(m, name, value))
}

// headerAdd (message, name, name_len, value, value_len) appends a field.
func headerAdd(c *Call, f hostFrame) int64 {
	m, name, value, code := fieldArgs(f)
	if code != 0 {
		return code
	}
	return c.edited(c.x.AddHeader(m, name, value))
}

// headerDel (message, name, name_len) removes all fields of a name.
func headerDel(c *Call, f hostFrame) int64 {
	m, name, code := headerArgs(f)
	if code != 0 {
		return code
	}
	return c.edited(c.x.DelHeader(m, name))
}

// headerArgs reads (message, name, name_len).
func headerArgs(f hostFrame) (m abi.Message, name []byte, code int64) {
	m, ok := messageOf(f, 0)
	if !ok {
		return 0, nil, int64(CodeInvalid)
	}
	name, ok = f.bytes(1)
	if !ok {
		return 0, nil, int64(CodeFault)
	}
	return m, name, 0
}

// fieldArgs reads (message, name, name_len, value, value_len).
func fieldArgs(f hostFrame) (m abi.Message, name, value []byte, code int64) {
	m, name, code = headerArgs(f)
	if code != 0 {
		return 0, nil, nil, code
	}
	value, ok := f.bytes(3)
	if !ok {
		return 0, nil, nil, int64(CodeFault)
	}
	return m, name, value, 0
}
