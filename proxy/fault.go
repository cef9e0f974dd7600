package proxy

import (
	"errors"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// fault is why the gateway itself answers a request. Its text is all that the
// client learns.
type fault struct {
	status int
	text   string
}

// Error returns the text for the client.
func (f *fault) Error() string { return f.text }

// What goes wrong with a request.
var (
	faultRequest     = &fault{400, "bad request"}
	faultFraming     = &fault{400, "ambiguous message framing"}
	faultField       = &fault{400, "invalid header field"}
	faultHost        = &fault{400, "missing or invalid host"}
	faultBody        = &fault{400, "broken request body"}
	faultRoute       = &fault{404, "no such route"}
	faultMethod      = &fault{405, "method not served"}
	faultSlow        = &fault{408, "request timeout"}
	faultLarge       = &fault{413, "request body too large"}
	faultURI         = &fault{414, "request target too long"}
	faultExpectation = &fault{417, "expectation cannot be met"}
	faultHeader      = &fault{431, "request header too large"}
	faultVersion     = &fault{505, "protocol version not served"}
	faultInternal    = &fault{500, "internal error"}
	faultLoop        = &fault{500, "Can't detect loop target"}
	faultCrowded     = &fault{503, "too many connections"}
)

// What goes wrong with an upstream.
var (
	faultUpstream  = &fault{502, "upstream unavailable"}
	faultReply     = &fault{502, "invalid upstream reply"}
	faultReplySize = &fault{502, "upstream reply too large"}
	faultBusy      = &fault{503, "upstream busy"}
	faultTimeout   = &fault{504, "upstream timeout"}
)

// pluginFaults is what the client is told of a plugin's fault, by kind.
var pluginFaults = [abi.KindCount]*fault{
	abi.Trap:        {abi.Trap.Status(), "a plugin failed"},
	abi.Timeout:     {abi.Timeout.Status(), "a plugin took too long"},
	abi.Limit:       {abi.Limit.Status(), "a plugin reached its limit"},
	abi.Protocol:    {abi.Protocol.Status(), "a plugin failed"},
	abi.Gone:        {abi.Gone.Status(), "a plugin failed"},
	abi.Busy:        {abi.Busy.Status(), "temporarily overloaded"},
	abi.Unavailable: {abi.Unavailable.Status(), "temporarily unavailable"},
	abi.Refused:     {abi.Refused.Status(), "a plugin failed"},
}

// faultOf returns what to tell the client of an error in an API of a dialect.
func faultOf(err error, d *abi.Dialect) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	e, ok := errors.AsType[*abi.Error](err)
	switch {
	case !ok || int(e.Kind) >= abi.KindCount:
		return faultInternal
	case d == nil:
		return pluginFaults[e.Kind]
	}
	var told abi.Refusal
	if f, ok := errors.AsType[*chain.Fault](err); ok {
		told = d.Fault(f.Step.Model, f.Hook, e)
	} else {
		told = d.Fault("", abi.Pre, e)
	}
	return &fault{told.Status, told.Text}
}

// appendFault appends the body of an error reply. Request ids are tokens, so
// neither value needs quoting.
func appendFault(dst []byte, f *fault, id []byte) []byte {
	dst = append(dst, `{"error": "`...)
	dst = append(dst, f.text...)
	dst = append(dst, `", "request_id": "`...)
	dst = append(dst, id...)
	return append(dst, `"}`...)
}
