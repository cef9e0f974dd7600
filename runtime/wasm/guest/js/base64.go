package js

import "encoding/base64"

// b64dec decodes standard base64, with padding or without.
func (c *hostCall) b64dec() { c.decoded(base64.StdEncoding, base64.RawStdEncoding) }

// rawb64dec decodes standard base64 without padding.
func (c *hostCall) rawb64dec() { c.decoded(base64.RawStdEncoding) }

func (c *hostCall) b64enc()    { c.returns(base64.StdEncoding.AppendEncode(nil, c.bytes(0))) }
func (c *hostCall) rawb64enc() { c.returns(base64.RawStdEncoding.AppendEncode(nil, c.bytes(0))) }

// decoded returns what the first encoding that fits makes of the argument;
// undefined if none does.
func (c *hostCall) decoded(encodings ...*base64.Encoding) {
	text := c.bytes(0)
	for _, e := range encodings {
		if b, err := e.AppendDecode(nil, text); err == nil {
			c.returns(b)
			return
		}
	}
}
