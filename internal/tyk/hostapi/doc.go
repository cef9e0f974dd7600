// Package hostapi is the host side of Tyk's JavaScript, whichever engine runs
// it: what a plugin may configure, what becomes of its results, and what the
// functions of the host take, keep and answer.
//
// It knows no engine. How a script's values come in and go out, who may use
// what, and how requests are sent is for the runtimes; they also say when a
// call is over, and every function here that waits gives up at the deadline
// that it is given.
package hostapi
