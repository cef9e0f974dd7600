package app

import "runtime/debug"

// Version returns the version of the running program, as the Go tool wrote it
// there.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
