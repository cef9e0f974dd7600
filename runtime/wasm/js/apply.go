package js

import (
	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/wire"
)

// apply edits x as the script has asked for.
func (p *Program) apply(x *abi.Exchange, result []byte) (abi.Verdict, error) {
	switch x.Hook {
	case abi.Event:
		return abi.Continue, nil
	case abi.Response:
		r, err := wire.ParseTykResponse(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepHeaderCase = p.options.KeepHeaderCase
		return abi.Continue, r.Apply(x)
	case abi.Virtual:
		r, err := wire.ParseTykVirtual(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepMetadata, r.KeepHeaderCase = !p.options.gives(x.Hook), p.options.KeepHeaderCase
		return r.Apply(x)
	default:
		r, err := wire.ParseTykRequest(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepMetadata, r.KeepHeaderCase = !p.options.gives(x.Hook), p.options.KeepHeaderCase
		return r.Apply(x)
	}
}
