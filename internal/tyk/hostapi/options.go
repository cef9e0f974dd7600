package hostapi

import "github.com/c386954a/sallyport/abi"

// Options are the keys of a plugin's own configuration that are not for the
// script, in every engine.
type Options struct {
	// RequireSession gives the hooks after the key check the caller's session,
	// and takes its metadata from their result. UseSession is Tyk's name of
	// the same in a virtual endpoint.
	RequireSession bool `json:"require_session"`
	UseSession     bool `json:"use_session"`

	// KeepHeaderCase writes the names of header fields of a message as the
	// script spells them.
	KeepHeaderCase bool `json:"keep_header_case"`

	// HideConfig leaves config_data out of what the script is given. It is
	// here to be checked; package object reads it.
	HideConfig bool `json:"hide_config"`
}

// Gives reports whether a hook gets the session, and may replace its
// metadata. A response hook gets it always, and its result has none.
func (o *Options) Gives(h abi.Hook) bool {
	switch h {
	case abi.Pre, abi.Auth:
		return false
	case abi.Response, abi.Event:
		return true
	}
	return o.RequireSession || o.UseSession
}
