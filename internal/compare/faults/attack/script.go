package attack

import _ "embed"

// Script is the middleware of all faults in JavaScript. Its object is named
// [Entry]. It runs on otto and in the sandbox alike.
//
//go:embed attack.js
var Script []byte

// Entry is what a configuration names as entry of [Script], and as that of
// [Child].
const Entry = "attack"

// Bystander is middleware that lets every request pass. Its object is named
// bystander.
//
//go:embed bystander.js
var Bystander []byte
