package snapshot

import (
	"fmt"
	"slices"
	"strings"
)

// Strategy is a way to bring the bytes of a memory back. All of them have the
// same result; they differ in what they cost.
type Strategy uint8

const (
	// Auto leaves the choice to [Capabilities.Choose].
	Auto Strategy = iota
	// PageScan asks the kernel for the pages that became private and copies
	// those back. Linux 6.7 or newer.
	PageScan
	// HotSet learns in the first calls which pages become private; from then
	// on it copies those back and drops the rest unseen.
	HotSet
	// Drop gives all private pages back to the kernel. The next call faults
	// the ones it touches in again.
	Drop
	// Copy writes the whole image. It works on every system.
	Copy

	strategyCount = int(Copy) + 1
)

var strategyNames = [strategyCount]string{"auto", "page-scan", "hot-set", "drop", "copy"}

// String returns the name that configuration and logs use.
func (s Strategy) String() string {
	if int(s) >= strategyCount {
		return "unknown"
	}
	return strategyNames[s]
}

// ParseStrategy returns the strategy of a name that [Strategy.String] returns.
func ParseStrategy(name string) (Strategy, error) {
	i := slices.Index(strategyNames[:], name)
	if i < 0 {
		return Auto, fmt.Errorf("unknown restore strategy %q, want one of %s",
			name, strings.Join(strategyNames[:], ", "))
	}
	return Strategy(i), nil
}
