//go:build !race

package jsvm_test

// callsAtOnce is how many calls look for leaks.
const callsAtOnce = 10_000

// raced tells tests that start processes, which is slow with -race.
const raced = false
