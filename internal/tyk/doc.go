// Package tyk turns a folder of Tyk's files into the gateway's own
// configuration and a report about it.
//
// [Import] takes three steps, each of which returns a value that the next one
// does not change:
//
//   - [source.Read] reads the folder: settings, keys, definitions, scripts and
//     bundles, with their positions and with what could not be read.
//   - [Decide] says what becomes of it: the plugins, routes, hooks and limits of
//     the configuration, and the notes and problems of the report. It touches
//     no file.
//   - [write.YAML] writes the decisions as text.
//
// What `sallyport run --tyk` serves is what `sallyport migrate tyk` writes,
// because both read the same YAML. The same folder makes the same text.
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
// So is a script that is missing or does not parse. With
// [Config.SkipUnsupported], an API with an error is left out. With
// [Config.Lenient] as well, but one whose scripts are missing or do not parse is
// served: its broken hooks answer 500, as in Tyk.
package tyk
