package wire

import (
	"maps"
	"net/textproto"
	"slices"

	"github.com/c386954a/sallyport/abi"
)

// editTykHeader deletes, sets and adds header fields, in this order. Set names
// are made canonical, as Tyk does; added ones keep their spelling. The order
// of a map is that of its keys, so that the same result makes the same message.
func editTykHeader(x *abi.Exchange, m abi.Message, del []string, set map[string]string, add map[string][]string) error {
	for _, name := range del {
		if err := x.DelHeader(m, []byte(name)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if err := setTykHeader(x, m, name, set[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(add)) {
		for _, value := range add[name] {
			if err := x.AddHeader(m, []byte(name), []byte(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// setTykHeader sets a field. Host and the fields of framing do not reach the
// wire, as with Tyk, but must be valid.
func setTykHeader(x *abi.Exchange, m abi.Message, name, value string) error {
	key := textproto.CanonicalMIMEHeaderKey(name)
	if key != "Host" && key != "Content-Length" && key != "Transfer-Encoding" {
		return x.SetHeader(m, []byte(key), []byte(value))
	}
	if !abi.ValidValue([]byte(value)) {
		return abi.ErrValue
	}
	return nil
}
