//go:build race

package sandbox_test

// raced tells that this binary needs much more memory than any plugin, and
// an environment.
const raced = true
