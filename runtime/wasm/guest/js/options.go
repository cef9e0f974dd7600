package js

import (
	"encoding/json"
	"fmt"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// options are the keys of a plugin's own configuration that are not for the
// script.
type options struct {
	hostapi.Options

	// Compat is the engine that scripts were written for: otto, or none.
	Compat string `json:"compat"`
}

func readOptions(config []byte) (o options, err error) {
	if len(config) == 0 {
		return o, nil
	}
	if err := json.Unmarshal(config, &o); err != nil {
		return o, fmt.Errorf("config: require_session, use_session, keep_header_case and hide_config "+
			"are true or false, compat is a word: %w", err)
	}
	if o.Compat != "" && o.Compat != "otto" {
		return o, fmt.Errorf("config: compat: %q is not known; want otto, or no such line", o.Compat)
	}
	return o, nil
}
