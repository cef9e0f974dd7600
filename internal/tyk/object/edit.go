package object

import (
	"maps"
	"net/textproto"
	"slices"

	"github.com/c386954a/sallyport/abi"
)

// headerEdits are the edits of the fields of a message. They are made in this
// order; that of a map is the order of its keys, so that the same result makes
// the same message.
type headerEdits struct {
	del   []string
	set   map[string]string
	add   map[string][]string
	exact bool // set names keep their spelling, else they are made canonical
}

func (h *headerEdits) edit(x *abi.Exchange, m abi.Message) error {
	for _, name := range h.del {
		if err := x.DelHeader(m, []byte(name)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.set)) {
		if err := h.put(x, m, name, h.set[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.add)) {
		for _, value := range h.add[name] {
			if abi.IsConnectionField([]byte(name)) {
				continue // as with Tyk, it does not reach the wire
			}
			if err := x.AddHeader(m, []byte(name), []byte(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// put sets a field. Host, the fields of framing and those of the connection do
// not reach the wire, as with Tyk, but must be valid.
func (h *headerEdits) put(x *abi.Exchange, m abi.Message, name, value string) error {
	key := textproto.CanonicalMIMEHeaderKey(name)
	if key == "Host" || key == "Content-Length" || abi.IsConnectionField([]byte(key)) {
		if !abi.ValidValue([]byte(value)) {
			return abi.ErrValue
		}
		return nil
	}
	if h.exact {
		key = name
	}
	return x.SetHeader(m, []byte(key), []byte(value))
}
