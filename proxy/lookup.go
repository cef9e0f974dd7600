package proxy

import (
	"bytes"

	"github.com/c386954a/sallyport/proxy/urlpath"
)

// Lookup returns the API that a request for a host, with or without a port,
// and a target with a leading slash goes to; ok is false if there is none. It
// is for tools: what it finds is not counted as in flight.
func (r *Router) Lookup(host, target []byte) (api API, ok bool) {
	path, _, _ := bytes.Cut(target, []byte("?"))
	found := r.find(host, urlpath.Clean(path, nil), nil)
	if found == nil {
		return API{}, false
	}
	return found.API, true
}
