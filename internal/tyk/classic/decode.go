package classic

import (
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// Decode reads a definition. The notes are about every key that has no
// meaning here, in the order of the text; keys that ask for nothing (false,
// zero, empty) are passed over if they are known.
//
// An error is always of type [document.Problems].
func Decode(v *document.Value) (*Definition, []document.Note, error) {
	d := &Definition{}
	unknown, err := v.Decode(d)
	if err != nil {
		return nil, nil, err
	}
	return d, notes(unknown, d.UseKeyless), nil
}
