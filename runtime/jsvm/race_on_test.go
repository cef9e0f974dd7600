//go:build race

package jsvm_test

// callsAtOnce is how many calls look for leaks: the race detector makes each
// of them ten times as slow.
const callsAtOnce = 2_000

// raced tells tests that start processes, which is slow then.
const raced = true
