package proxy

import (
	"errors"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/h1"
)

// What goes wrong with a request here; see also ingress and upstream.
var (
	faultRoute    = &h1.StatusError{Status: 404, Text: "no such route"}
	faultLarge    = &h1.StatusError{Status: 413, Text: "request body too large"}
	faultInternal = &h1.StatusError{Status: 500, Text: "internal error"}
	faultLoop     = &h1.StatusError{Status: 500, Text: "Can't detect loop target"}
)

// pluginFaults is what the client is told of a plugin's fault, by kind.
var pluginFaults = [abi.KindCount]*h1.StatusError{
	abi.Trap:        {Status: abi.Trap.Status(), Text: "a plugin failed"},
	abi.Timeout:     {Status: abi.Timeout.Status(), Text: "a plugin took too long"},
	abi.Limit:       {Status: abi.Limit.Status(), Text: "a plugin reached its limit"},
	abi.Protocol:    {Status: abi.Protocol.Status(), Text: "a plugin failed"},
	abi.Gone:        {Status: abi.Gone.Status(), Text: "a plugin failed"},
	abi.Busy:        {Status: abi.Busy.Status(), Text: "temporarily overloaded"},
	abi.Unavailable: {Status: abi.Unavailable.Status(), Text: "temporarily unavailable"},
	abi.Refused:     {Status: abi.Refused.Status(), Text: "a plugin failed"},
	abi.Cancelled:   h1.ErrClientGone,
}

// faultOf returns what to tell the client of an error in an API of a dialect.
func faultOf(err error, d *abi.Dialect) *h1.StatusError {
	if f, ok := errors.AsType[*h1.StatusError](err); ok {
		return f
	}
	e, ok := errors.AsType[*abi.Error](err)
	switch {
	case !ok || int(e.Kind) >= abi.KindCount:
		return faultInternal
	case d == nil, e.Kind == abi.Cancelled:
		return pluginFaults[e.Kind]
	}
	var told abi.Refusal
	if f, ok := errors.AsType[*chain.Fault](err); ok {
		told = d.Fault(f.Step.Model, f.Hook, e)
	} else {
		told = d.Fault("", abi.Pre, e)
	}
	return &h1.StatusError{Status: told.Status, Text: told.Text}
}
