//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package snapshot

// Probe tries out what the system offers and says in a sentence what it found.
// Call it once and keep the answer.
func Probe() Capabilities {
	const reason = "images are copied: this system has no sealed files in memory"
	memory, err := reserve(PageSize, false)
	if err != nil {
		return Capabilities{Reason: reason}
	}
	_ = release(memory) // a mapping of our own
	return Capabilities{Reserve: true, Reason: reason}
}
