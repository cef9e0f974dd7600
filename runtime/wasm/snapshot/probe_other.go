//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package snapshot

// Probe says in a sentence what the system offers. Call it once and keep the
// answer.
func Probe() Capabilities {
	return Capabilities{Reason: "memory is on the heap and images are copied: nothing else is built for this system"}
}
