// Package abitest checks that a runtime keeps the contract of package abi.
//
// It holds one set of scenarios, the txtar files in testdata, and plays them
// through proxy/chain against any number of runtimes. Nothing in it depends
// on a runtime: a runtime's own test gives [Run] a [Row] that loads the
// conform plugin, written once for each runtime. README.md describes the
// plugin and the format of a scenario.
package abitest
