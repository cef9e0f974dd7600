package main

import (
	"context"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	child "github.com/c386954a/sallyport/sdk/coproc/go"
	"github.com/c386954a/sallyport/sdk/coproc/go/tyk"
)

// handlerWord makes the test binary play the external process of the cases
// whose hooks are in another language.
const handlerWord = "acceptance-handlers"

// handlerCommand starts that process.
func handlerCommand() []string { return []string{os.Args[0], handlerWord} }

// object is a hook as Tyk's gRPC plugins have it.
type object = tyk.Object

// on makes a handler of a function that changes the object.
func on(name string, hook child.Hook, dispatch func(*object)) child.Handler {
	return tyk.Handler(name, hook, func(_ context.Context, o *object) (*object, error) {
		dispatch(o)
		return o, nil
	})
}

// playHandlers serves the handlers until the gateway ends.
func playHandlers() error {
	var gateway *child.Gateway
	return child.Plugin{
		Name: "acceptance",
		OnLoad: func(_ context.Context, g *child.Gateway, _ *child.API) error {
			gateway = g // the same for every API
			return nil
		},
		Handlers: []child.Handler{
			on("mark", child.Pre, func(o *object) { o.Request.SetHeaders["X-Mark"] = "pre " + o.Request.Headers["X-Name"] }),
			on("body", child.Pre, bodyTeller()),
			on("spec", child.Post, tellSpec),
			on("metadata", child.Post, tellMetadata),
			on("rewrite", child.Response, func(o *object) { o.Response.RawBody = []byte("newbody") }),
			on("sync", child.Response, syncHeaders),
			on("loop", child.Post, func(o *object) { o.Request.URL, o.Request.Method = "tyk://other/inside?from=loop", "GET" }),
			on("check", child.Auth, checkToken),
			tyk.Events("watch", func(_ context.Context, payload []byte) error {
				gateway.Log(child.Warn, "event "+string(payload), nil)
				return nil
			}),
		},
	}.Main()
}

// bodyTeller says which of the two forms of the body are filled, and how many
// calls the process has had.
func bodyTeller() func(*object) {
	var calls atomic.Int64
	return func(o *object) {
		o.Request.SetHeaders["X-Body"] = strconv.Itoa(len(o.Request.Body))
		o.Request.SetHeaders["X-Raw-Body"] = strconv.Itoa(len(o.Request.RawBody))
		o.Request.SetHeaders["X-Calls"] = strconv.FormatInt(calls.Add(1), 10)
	}
}

// tellSpec says what the spec has of config_data.
func tellSpec(o *object) {
	data, has := o.Spec["config_data"]
	if !has {
		data = "none"
	}
	o.Request.SetHeaders["X-Config"] = data
	o.Request.SetHeaders["X-Spec"] = o.Spec["APIID"] + " of " + o.Spec["OrgID"]
}

// tellMetadata says what is in the metadata, and whether the session has the
// same.
func tellMetadata(o *object) {
	o.Request.SetHeaders["X-Nested"] = o.Metadata["nested"]
	same := len(o.Metadata) == len(o.Session.Metadata)
	for name := range maps.Keys(o.Session.Metadata) {
		_, there := o.Metadata[name]
		same = same && there
	}
	o.Request.SetHeaders["X-Same"] = strconv.FormatBool(same)
	o.Metadata["added"] = "by the hook"
}

// syncHeaders adds, removes and updates header fields of a reply in either
// form that it has them in.
func syncHeaders(o *object) {
	o.Response.Headers["X-Added"] = "new"
	delete(o.Response.Headers, "X-Removed")
	o.Response.Headers["X-Updated"] = "after"
	o.Response.Headers["X-Many"] = "first, replaced"
	for i, h := range o.Response.MultivalueHeaders {
		if h.Key == "X-Extra" {
			o.Response.MultivalueHeaders[i].Values = append(h.Values, "extra")
		}
	}
}

// checkToken lets the callers in whose header says that they are valid, with a
// quota if the API has one.
func checkToken(o *object) {
	name, valid := strings.CutPrefix(o.Request.Headers["Authorization"], "valid ")
	if !valid {
		return
	}
	o.Session.Rate, o.Session.Per = 1000, 1
	if strings.Contains(o.Spec["config_data"], `"quota"`) {
		o.Session.QuotaMax, o.Session.QuotaRemaining, o.Session.QuotaRenewalRate = 1, 1, 60
	}
	o.Metadata["token"] = "token of " + name
}
