// Package tyk turns a folder of Tyk's files into the gateway's own
// configuration and a report about it.
//
// [Import] makes text, and nothing but text (and the files it must unpack for
// it): what `sallyport run --tyk` serves is what `sallyport migrate tyk`
// writes, because both read the same YAML. The same folder makes the same
// text.
//
// # What is read
//
//	apps/*.json         API definitions, classic or OAS
//	middleware/         scripts; definitions name them relative to the folder
//	middleware/ID/…     scripts of folder loading
//	bundles/NAME.zip    plugin bundles
//	keys.json           keys to begin with
//	tyk.conf            settings of the gateway
//
// # Errors
//
// A key that has no meaning here is a note in the report. It is an error if
// the API would let more through without it, unless it is waived by its name.
// So is a script that is missing or does not parse. With [Config.Lenient], an
// API with an error of the first kind is left out, and one with an error of
// the second is served with its broken hooks answering 500, as Tyk does.
package tyk
