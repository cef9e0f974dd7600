package tyk

import (
	"errors"

	"github.com/c386954a/sallyport/internal/tyk/classic"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// isOAS reports whether a document is an OpenAPI one with Tyk's extension.
func isOAS(v *document.Value) bool { return v.Get("x-tyk-api-gateway") != nil }

func decodeOAS(*document.Value) (*classic.Definition, []document.Note, error) {
	return nil, nil, errors.New("OAS documents are not supported")
}
