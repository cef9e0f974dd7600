package wasm

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
)

// contract is by which functions the gateway and the code of one plugin call
// each other: the native ABI, or JavaScript on an engine that is a guest. It
// is safe for concurrent use once Adopt has returned.
type contract interface {
	linkage

	// NewGuest returns the state of one instance. late is called by host
	// functions that come back with the time used up; it stops the guest if it
	// is.
	NewGuest(late func()) guest

	// Adopt is called once, with the template after it was started, and before
	// any other guest is.
	Adopt(template guest)

	// Declares returns what the plugin implements, after Adopt.
	Declares() abi.Declaration

	// Close releases what host functions use. No guest is running.
	Close()
}

// linkage is what a contract has to say before any code has run.
type linkage interface {
	// Instantiate makes the modules that the code imports from, WASI aside.
	Instantiate(ctx context.Context, engine wazero.Runtime) error

	// Link reports why the code may not import a function of such a module.
	Link(def api.FunctionDefinition) error

	// Check reports what is wrong with the exports of the code.
	Check(code wazero.CompiledModule) error
}

// refuser is a guest of which the host remembers why it last refused something
// in this call, or nil: a guest that breaks off probably does so because of that.
type refuser interface{ Refused() error }

// guest is the part of an instance that knows the contract. It belongs to one
// goroutine at a time.
type guest interface {
	// Context returns a context by which host functions find the guest. It is
	// made once, and every call into the instance uses it.
	Context(parent context.Context) context.Context

	// Bind gives it its module, which has run nothing yet.
	Bind(module api.Module)

	// Start runs what has to be run once, unless the instance is a clone.
	// Errors are as those of Run.
	Start(ctx context.Context, deadline time.Time) error

	// Run calls the hook of x, until the deadline. An error that is not an
	// *abi.Error is the engine's: the guest broke off.
	Run(ctx context.Context, x *abi.Exchange, deadline time.Time) (abi.Verdict, error)

	// Shed gives up the native stack of the hook that ran last, which has
	// grown to megabytes.
	Shed()
}
