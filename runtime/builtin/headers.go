package builtin

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
)

// headers is the plugin that the other runtimes are measured against: it
// reads two header fields, sets two and deletes one.
type headers struct{ base }

var (
	authorization = []byte("Authorization")
	userAgent     = []byte("User-Agent")
	tenantHeader  = []byte("X-Tenant")
	agentHeader   = []byte("X-Agent")
	debugHeader   = []byte("X-Debug")
)

func loadHeaders(_ *Runtime, s abi.Spec) (abi.Plugin, error) {
	if err := decode(s, &struct{}{}); err != nil {
		return nil, err
	}
	return headers{}, nil
}

// Declares implements [abi.Plugin].
func (headers) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.Pre, abi.PostKeyAuth, abi.Post)}
}

// Call implements [abi.Plugin]. The tenant is what a key of the form
// TENANT.SECRET begins with.
func (headers) Call(x *abi.Exchange) (abi.Verdict, error) {
	key, _ := x.Request.Header.Get(authorization)
	agent, _ := x.Request.Header.Get(userAgent)
	tenant, _, _ := bytes.Cut(withoutScheme(key), []byte{'.'})
	if err := x.SetHeader(abi.OfRequest, tenantHeader, tenant); err != nil {
		return abi.Continue, err
	}
	if err := x.SetHeader(abi.OfRequest, agentHeader, agent); err != nil {
		return abi.Continue, err
	}
	return abi.Continue, x.DelHeader(abi.OfRequest, debugHeader)
}
