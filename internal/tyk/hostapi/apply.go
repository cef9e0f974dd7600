package hostapi

import (
	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// Looker looks at the result of a request hook before it is applied. Whether
// it has no session counts only where it does not answer the request either.
type Looker interface {
	Look(hook abi.Hook, result []byte, noSession bool)
}

// Apply edits x as a script has asked for by the result of x.Hook. A result
// that is not valid is an error of kind Protocol. The looker may be nil.
func (o *Options) Apply(x *abi.Exchange, result []byte, l Looker) (abi.Verdict, error) {
	switch x.Hook {
	case abi.Event:
		return abi.Continue, nil
	case abi.Response:
		r, err := object.ParseResponse(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepHeaderCase = o.KeepHeaderCase
		return abi.Continue, r.Apply(x)
	case abi.Virtual:
		r, err := object.ParseVirtual(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepMetadata, r.KeepHeaderCase = !o.Gives(x.Hook), o.KeepHeaderCase
		return r.Apply(x)
	default:
		return o.applyRequest(x, result, l)
	}
}

func (o *Options) applyRequest(x *abi.Exchange, result []byte, l Looker) (abi.Verdict, error) {
	r, err := object.ParseRequest(result)
	if err != nil {
		return abi.Continue, err
	}
	r.KeepMetadata, r.KeepHeaderCase = !o.Gives(x.Hook), o.KeepHeaderCase
	if l != nil {
		l.Look(x.Hook, result, r.Session == nil && r.Request.ReturnOverrides.ResponseCode == 0)
	}
	return r.Apply(x)
}
