package jsvm

import (
	"encoding/json"
	"fmt"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

func readOptions(config []byte) (o hostapi.Options, err error) {
	if len(config) == 0 {
		return o, nil
	}
	if err := json.Unmarshal(config, &o); err != nil {
		return o, fmt.Errorf("config: require_session, use_session, keep_header_case and hide_config are true or false: %w", err)
	}
	return o, nil
}
