package jsvm

import (
	"encoding/json"
	"fmt"

	"github.com/c386954a/sallyport/abi"
)

// options are the keys of a plugin's own configuration that are not for the
// script.
type options struct {
	// RequireSession gives the hooks after the key check the caller's session,
	// and takes its metadata from their result. UseSession is Tyk's name of
	// the same in a virtual endpoint.
	RequireSession bool `json:"require_session"`
	UseSession     bool `json:"use_session"`

	// KeepHeaderCase writes the names of header fields as the script spells
	// them, here and in what it sends itself.
	KeepHeaderCase bool `json:"keep_header_case"`

	// HideConfig leaves config_data out of what the script is given. It is
	// here to be checked; abi/wire reads it.
	HideConfig bool `json:"hide_config"`
}

func readOptions(config []byte) (o options, err error) {
	if len(config) == 0 {
		return o, nil
	}
	if err := json.Unmarshal(config, &o); err != nil {
		return o, fmt.Errorf("config: require_session, use_session, keep_header_case and hide_config are true or false: %w", err)
	}
	return o, nil
}

// gives reports whether a hook gets the session, and may replace its
// metadata. A response hook gets it always, and its result has none.
func (o options) gives(h abi.Hook) bool {
	switch h {
	case abi.Pre, abi.Auth:
		return false
	case abi.Response, abi.Event:
		return true
	}
	return o.RequireSession || o.UseSession
}
