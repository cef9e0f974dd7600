package abi

import "context"

// Plugin is one loaded plugin.
//
// Call is safe for concurrent use; pools of instances stay inside. A Plugin
// never keeps the Exchange or any byte of it after Call has returned.
type Plugin interface {
	// Declares tells what the plugin implements and what it must be given.
	// It is constant for the life of the plugin.
	Declares() Declaration

	// Call runs the hook x.Hook. It returns before x.Deadline, or as soon
	// after it as the runtime can stop the plugin, and then with an *Error of
	// kind Timeout. On any error the caller discards the edits made to x.
	Call(x *Exchange) (Verdict, error)

	// Close waits for calls in flight until ctx ends and releases everything.
	// No Call may begin after Close.
	Close(ctx context.Context) error
}

// Runtime is one isolation model.
type Runtime interface {
	// Load compiles the plugin, runs it once and fails fast and loud: an
	// error names the file, the line where there is one, and what to do.
	Load(ctx context.Context, s Spec) (Plugin, error)

	// Close releases what the plugins of this runtime share. All of them
	// have been closed before.
	Close(ctx context.Context) error
}

// Declaration is what a plugin says of itself when it is loaded.
type Declaration struct {
	// Hooks are those the plugin implements; the gateway refuses to bind it
	// to any other.
	Hooks HookSet

	// RequestBody are the hooks in which the plugin needs the request body.
	// The gateway buffers it for them, up to max_body; without a demand the
	// body streams through untouched.
	RequestBody HookSet

	// ReplyBody are the hooks in which the plugin needs the reply body.
	ReplyBody HookSet
}

// Verdict is what a plugin decided about an exchange.
type Verdict uint8

const (
	// Continue lets the exchange go on to the next plugin.
	Continue Verdict = iota
	// Respond ends the request: the plugin has set the reply.
	Respond
)

// String returns the verdict's name in lower case.
func (v Verdict) String() string {
	switch v {
	case Continue:
		return "continue"
	case Respond:
		return "respond"
	}
	return "unknown"
}
