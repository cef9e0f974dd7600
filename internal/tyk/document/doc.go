// Package document reads JSON text into values that know where they stand,
// and values into structs, naming every key that no field wants.
//
// Tyk's own decoder drops what it does not know and says of a wrong type
// neither line nor path. An importer must say both: a key that was dropped in
// silence may have been the one that kept people out.
//
// # Keys
//
// As in Tyk, a key matches a field in any case, and of a key given twice the
// last one counts.
package document
