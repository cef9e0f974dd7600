package main

import "slices"

// codedAcceptance returns the cases that need more than requests: reloads,
// requests side by side, bundles that are made.
func codedAcceptance() []*acceptance {
	return slices.Concat(bundleCases(), hostileCases())
}
