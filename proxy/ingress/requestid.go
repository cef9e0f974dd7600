package ingress

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// maxRequestID is the longest request id a client may bring.
const maxRequestID = 128

// requestIDs makes ids that are unique among processes by a random prefix,
// and within this process by a counter. They are not secret.
type requestIDs struct {
	prefix [9]byte // eight hexadecimal digits and a dash
	last   *atomic.Uint64
}

func newRequestIDs() requestIDs {
	var seed [4]byte
	_, _ = rand.Read(seed[:]) // never fails; see crypto/rand
	r := requestIDs{last: new(atomic.Uint64)}
	hex.Encode(r.prefix[:8], seed[:])
	r.prefix[8] = '-'
	return r
}

// append appends a new id to dst.
func (r *requestIDs) append(dst []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, r.prefix[:]...)
	n := r.last.Add(1)
	for shift := 36; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return dst
}

// saneRequestID reports whether the id of a client may be used as it is: it is
// written to logs and to JSON without being quoted.
func saneRequestID(id []byte) bool {
	return len(id) <= maxRequestID && abi.ValidName(id)
}

// dateLine is the current date as a header value, formatted once a second.
type dateLine struct{ last atomic.Pointer[stamp] }

type stamp struct {
	second int64
	text   []byte
}

func (d *dateLine) at(t time.Time) []byte {
	second := t.Unix()
	if s := d.last.Load(); s != nil && s.second == second {
		return s.text
	}
	s := &stamp{second: second, text: t.UTC().AppendFormat(nil, http.TimeFormat)}
	d.last.Store(s)
	return s.text
}
