package builtin

import (
	"maps"
	"slices"

	"github.com/c386954a/sallyport/abi"
)

// Role says what a step of this package decides about, besides its hook.
type Role uint8

const (
	// NoRole is the role of every other plugin.
	NoRole Role = iota
	// ChecksKey is that of a step that asks for a key.
	ChecksKey
	// ChecksSession is that of a step that asks what a session may do.
	ChecksSession
)

// RoleOf returns the role of a plugin, whatever made it.
func RoleOf(p abi.Plugin) Role {
	switch p.(type) {
	case *keyAuth:
		return ChecksKey
	case *access:
		return ChecksSession
	}
	return NoRole
}

// Versions returns the names of the APIs that a plugin sends requests on to if
// it is a step that chooses one by its version; else nil.
func Versions(p abi.Plugin) []string {
	v, ok := p.(*version)
	if !ok {
		return nil
	}
	var apis []string
	for _, name := range slices.Sorted(maps.Keys(v.targets)) {
		apis = append(apis, string(v.targets[name].api))
	}
	return apis
}

// SetsSession reports whether a plugin is a step that gives a request the
// session of its key, and so takes away one that is there.
func SetsSession(p abi.Plugin) bool {
	k, ok := p.(*keyAuth)
	return ok && !k.keep
}
