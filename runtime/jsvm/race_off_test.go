//go:build !race

package jsvm_test

// callsAtOnce is how many calls look for leaks.
const callsAtOnce = 10_000
