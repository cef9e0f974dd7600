// Package classic holds Tyk's classic API definition, as far as the importer
// understands it, and says of every other key what becomes of it.
//
// [Decode] reads a definition strictly where types are concerned and leniently
// where keys are: a wrong type is an error, a key without meaning here is a
// [document.Note]. Tyk OAS documents are turned into the same structs.
package classic
