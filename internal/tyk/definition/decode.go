// Package definition reads API definitions of Tyk, classic ones and Tyk OAS
// documents, into one Definition, and says of every key that it does not
// understand what becomes of it.
//
// [Decode] is strict where types are concerned and lenient where keys are: a
// wrong type is an error, a key without meaning here is a [document.Note].
//
// A Tyk OAS document is an OpenAPI document, which says what paths there are,
// with a member x-tyk-api-gateway, which says what the gateway does with them.
// It is turned into the classic form, so that both formats mean the same to
// the rest of the importer.
package definition

import "github.com/c386954a/sallyport/internal/tyk/document"

// FormatOf says which format a definition has: classic or oas.
func FormatOf(v *document.Value) string {
	if v.Get(Extension) != nil || v.Get("openapi") != nil {
		return "oas"
	}
	return "classic"
}

// Decode reads a definition of either format. The notes are about every key
// that has no meaning here, in the order of the text; keys that ask for nothing
// (false, zero, empty) are passed over if they are known. What an OAS document
// has for the sake of OpenAPI is passed over as well.
//
// An error is always of type [document.Mistakes].
func Decode(v *document.Value) (*Definition, []document.Note, error) {
	if FormatOf(v) == "oas" {
		return decodeOAS(v)
	}
	d := &Definition{}
	unknown, err := v.Decode(d)
	if err != nil {
		return nil, nil, err
	}
	return d, classicRules.Notes(unknown, d.UseKeyless), nil
}
