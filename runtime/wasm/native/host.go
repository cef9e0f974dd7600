package native

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
)

// Log takes the lines a guest logs. It must bound their size and their rate,
// and it is called by many goroutines.
type Log interface {
	Print(level zerolog.Level, requestID, line []byte)
}

// Host is what the host functions of all instances of one plugin share.
type Host struct {
	log    Log
	config members
	apis   []apiConfig
	start  time.Time // zero of the monotonic clock
}

// apiConfig is the configuration of one API, taken apart when the plugin was
// loaded.
type apiConfig struct {
	api    *abi.API
	config members
}

// NewHost returns the host of the plugin that s describes. It fails if a
// configuration is not a JSON object.
func NewHost(s abi.Spec, log Log) (*Host, error) {
	config, err := parseMembers(s.Config)
	if err != nil {
		return nil, fmt.Errorf("config of the plugin: %w", err)
	}
	h := &Host{log: log, config: config, start: time.Now()}
	for _, a := range s.APIs {
		config, err := parseMembers(a.Config)
		if err != nil {
			return nil, fmt.Errorf("config data of API %s: %w", a.Name, err)
		}
		h.apis = append(h.apis, apiConfig{a, config})
	}
	return h, nil
}

// apiConfig returns the configuration of a. APIs that the plugin was not told
// of at load are parsed each time.
func (h *Host) apiConfig(a *abi.API) members {
	for i := range h.apis {
		if h.apis[i].api == a {
			return h.apis[i].config
		}
	}
	config, _ := parseMembers(a.Config) // what is no object has no members
	return config
}
