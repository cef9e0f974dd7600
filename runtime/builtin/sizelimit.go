package builtin

import (
	"strconv"

	"github.com/c386954a/sallyport/abi"
)

var (
	contentLength    = []byte("Content-Length")
	transferEncoding = []byte("Transfer-Encoding")
)

// sizeLimit turns away requests with a large body by what their header says.
type sizeLimit struct {
	base
	form form
	max  int64
}

func loadSizeLimit(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	var cfg struct {
		Max   int64  `json:"max"`
		Reply string `json:"reply"`
	}
	if err := decode(s, &cfg, "max", "reply"); err != nil {
		return nil, err
	}
	if cfg.Max <= 0 {
		return nil, refuse("max must be a number of bytes above 0")
	}
	f, err := r.formOf(cfg.Reply)
	return &sizeLimit{form: f, max: cfg.Max}, err
}

// Declares implements [abi.Plugin].
func (*sizeLimit) Declares() abi.Declaration { return abi.Declaration{Hooks: abi.SetOf(abi.Pre)} }

// Why a body is not taken.
var (
	bodyLarge    = refusal{name: "body_large", status: 413, text: "request body is too large"}
	bodyUnstated = refusal{name: "body_unstated", status: 411, text: "request has no Content-Length"}
)

// Call implements [abi.Plugin]. A body of unknown length is not taken; a
// request without a body is. It does not allocate.
func (l *sizeLimit) Call(x *abi.Exchange) (abi.Verdict, error) {
	stated, ok := x.Request.Header.Get(contentLength)
	if !ok {
		if _, chunked := x.Request.Header.Get(transferEncoding); chunked || x.Request.Streamed || l.expects(x) {
			return l.form.refuse(x, &bodyUnstated, nil)
		}
		return abi.Continue, nil
	}
	// The proxy refuses a length that is not a number before this step runs.
	n, err := strconv.ParseInt(string(stated), 10, 64)
	if err != nil || n > l.max {
		return l.form.refuse(x, &bodyLarge, nil)
	}
	return abi.Continue, nil
}

// expects reports whether the method usually comes with a body, for which some
// dialects want the length even if there is none.
func (l *sizeLimit) expects(x *abi.Exchange) bool {
	if d := l.form.in(x); d == nil || !d.LengthRequired {
		return false
	}
	switch string(x.Request.Method) {
	case "POST", "PUT", "PATCH":
		return true
	}
	return false
}
