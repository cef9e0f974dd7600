// Package guest is what the sandbox and a guest ABI know of each other. A guest
// ABI is a package below this one that implements [Contract], and a row in the
// table of formats of package wasm.
package guest

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
)

// Contract is the guest ABI of one plugin: the functions by which the gateway
// and the plugin's code call each other. It is safe for concurrent use once
// Adopt has returned.
type Contract interface {
	Linker

	// NewGuest returns the state of one instance. Host functions that take time
	// call interrupt before they return; it stops the guest if it is overdue.
	NewGuest(interrupt func()) Guest

	// Adopt is called once, with the template after it was started, and before
	// NewGuest is called again.
	Adopt(template Guest)

	// Declares returns what the plugin implements, after Adopt.
	Declares() abi.Declaration

	// Close releases what host functions use. No guest is running.
	Close()
}

// Linker is the part of a [Contract] that is needed before any code has run.
type Linker interface {
	// Instantiate makes the modules that the code imports from, except WASI.
	Instantiate(ctx context.Context, engine wazero.Runtime) error

	// Link reports why the code may not import a function that is not WASI's.
	Link(def api.FunctionDefinition) error

	// Check reports what is wrong with the exports of the code.
	Check(code wazero.CompiledModule) error
}

// Guest is the part of an instance that knows the guest ABI. It belongs to one
// goroutine at a time.
type Guest interface {
	// Context returns a context by which host functions find the guest. It is
	// made once, and every call into the instance uses it.
	Context(parent context.Context) context.Context

	// Bind gives the guest its module, which has run nothing yet.
	Bind(module api.Module)

	// Start runs what has to be run once, unless the instance is a clone.
	// Errors are as those of Run.
	Start(ctx context.Context, deadline time.Time) error

	// Run calls the hook of x, until the deadline. An error that is not an
	// *abi.Error comes from the engine: the guest broke off.
	Run(ctx context.Context, x *abi.Exchange, deadline time.Time) (abi.Verdict, error)

	// DropStack frees the native stack of the hook that ran last, after it has
	// grown to megabytes.
	DropStack()
}

// Refuser is a [Guest] that records the last error with which a host function
// refused this call, or nil. If the guest then traps, that is the likely cause.
type Refuser interface{ Refused() error }
