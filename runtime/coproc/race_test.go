//go:build race

package coproc_test

// raced tells that this binary needs much more memory than any plugin.
const raced = true
