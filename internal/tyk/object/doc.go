// Package object gives an exchange the JSON shapes of Tyk's JavaScript
// middleware: the request, response, session, spec and event objects that
// scripts receive, and the results that they return.
//
// Both directions are strict: nothing is applied to an exchange before the
// whole result of a script has been decoded and checked.
package object
