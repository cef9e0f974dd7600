package tyk

import (
	"github.com/c386954a/sallyport/internal/tyk/classic"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/oas"
)

// decodeDefinition reads a definition of either format and says which it is.
func decodeDefinition(root *document.Value) (format string, d *classic.Definition, notes []document.Note, err error) {
	if root.Get(oas.Extension) != nil {
		d, notes, err = oas.Decode(root)
		return "oas", d, notes, err
	}
	d, notes, err = classic.Decode(root)
	return "classic", d, notes, err
}
