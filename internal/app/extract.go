package app

import (
	"context"
	"errors"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/runtime/builtin"
)

// extract wraps p so that the caller's identity is extracted before each call.
// On an error it closes p.
func (g *Generation) extract(p abi.Plugin, x *config.ExtractorConfig) (abi.Plugin, error) {
	out, err := builtin.Extract(p, builtin.Extractor{
		Sessions: g.options.Store, From: identityIn(x.From), Name: x.Name,
		XPath: x.XPath, Regexp: x.Regexp, Match: x.Match,
	})
	if err != nil {
		return nil, errors.Join(err, p.Close(context.Background()))
	}
	return out, nil
}

func identityIn(from string) builtin.Source {
	switch from {
	case config.FromBody:
		return builtin.FromBody
	case config.FromQuery:
		return builtin.FromQuery
	case config.FromForm:
		return builtin.FromForm
	}
	return builtin.FromHeader
}
