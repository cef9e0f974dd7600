// Package jsapi holds the JavaScript that scripts written for Tyk rely on, for
// every engine that runs them.
//
// Its texts are programs of one expression each, a function, unless said
// otherwise, and are ES5. An engine builds a VM in this order:
//
//  1. [Underscore], which defines the global _ by itself, and a console;
//  2. [Core], called with (global, host), which defines TykJS;
//  3. the preload file, if there is one;
//  4. the functions of the host, and [Answer], called with (global, host),
//     which defines TykJsResponse: they replace globals of the same name;
//  5. the files of the plugin, in their order.
//
// Then [Hooks], called with (entry, stock), tells which hooks an entry serves;
// stock is TykJS.TykMiddleware.NewMiddleware.prototype before step 5.
//
// The object host has one function, keepBytes(object, name): if object[name]
// is a string that is not text, whatever that means in the engine, it sets
// object[name + "Base64"] to its bytes, since JSON cannot carry them. It does
// nothing to other values, and never throws. It may have two more, for Core:
// stringify(value) in place of JSON.stringify, and settle(result, finish),
// which returns finish of what a handler has returned, or a promise of that if
// the handler is asynchronous.
package jsapi

import (
	_ "embed" // the texts

	ottounderscore "github.com/robertkrimen/otto/underscore"
)

// The texts are never written to.
var (
	//go:embed core.js
	core string
	//go:embed answer.js
	answer string
	//go:embed hooks.js
	hooks string

	underscore = loadUnderscore()
)

// loadUnderscore returns the text that otto's module carries. Importing that
// package makes each new otto VM run the text, which costs milliseconds that most
// scripts do not need. Disable prevents it; an engine runs the text itself.
func loadUnderscore() string {
	ottounderscore.Disable()
	return ottounderscore.Source()
}

// Core returns the text that defines TykJS.
func Core() string { return core }

// Answer returns the text that defines TykJsResponse.
func Answer() string { return answer }

// Hooks returns the text of a function that names the kinds of hooks an entry
// serves, separated by a space: virtual, request, response and event.
func Hooks() string { return hooks }

// Underscore returns underscore 1.13.7, minified, as its authors publish it:
// a program that defines the global _.
func Underscore() string { return underscore }
