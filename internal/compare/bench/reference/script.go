package reference

import (
	"context"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// maker makes the VM for one request: a function that evaluates an expression
// to a string.
type maker func() (func(expression string) (string, error), error)

// script is a script with a VM of its own for every request. There are no
// limits: references show what the work costs.
type script struct {
	entry string
	make  maker
	hooks abi.HookSet
}

var _ abi.Plugin = (*script)(nil)

// Declares implements [abi.Plugin].
func (p *script) Declares() abi.Declaration {
	return abi.Declaration{
		Hooks:       p.hooks,
		RequestBody: p.hooks &^ abi.SetOf(abi.Response),
		ReplyBody:   p.hooks & abi.SetOf(abi.Response),
	}
}

// Call implements [abi.Plugin].
func (p *script) Call(x *abi.Exchange) (abi.Verdict, error) {
	evaluate, err := p.make()
	if err != nil {
		return abi.Continue, abi.Errorf(abi.Trap, "%w", err)
	}
	result, err := evaluate(p.expression(x))
	if err != nil {
		return abi.Continue, abi.Errorf(abi.Trap, "%w", err)
	}
	if x.Hook == abi.Response {
		r, err := object.ParseResponse([]byte(result))
		if err != nil {
			return abi.Continue, err
		}
		return abi.Continue, r.Apply(x)
	}
	r, err := object.ParseRequest([]byte(result))
	if err != nil {
		return abi.Continue, err
	}
	r.KeepMetadata = true
	return r.Apply(x)
}

// expression is the call as source text, arguments included.
func (p *script) expression(x *abi.Exchange) string {
	b := []byte(p.entry)
	if x.Hook == abi.Response {
		b = append(b, ".DoProcessResponse("...)
		b = append(object.AppendResponse(b, x), ',')
		b = object.AppendSeenRequest(b, x)
	} else {
		b = append(b, ".DoProcessRequest("...)
		b = object.AppendRequest(b, x)
	}
	b = object.AppendSession(append(b, ','), nil)
	b = object.AppendSpec(append(b, ','), x.API, x.Hook, nil)
	return string(append(b, ");"...))
}

// Close implements [abi.Plugin].
func (*script) Close(context.Context) error { return nil }
