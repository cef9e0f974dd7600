package object

import (
	"encoding/json"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// AppendSpec appends the object that tells a script which API it runs for.
// config_data is null if the API has none, and is not there at all if the
// plugin's own configuration has hide_config: true. Ours are Hook, the name of the hook
// that is running, and plugin_config, which is there if the plugin has a
// configuration of its own.
func AppendSpec(dst []byte, api *abi.API, h abi.Hook, config []byte) []byte {
	dst = append(dst, `{"OrgID":`...)
	dst = jsontext.AppendText(dst, api.OrgID)
	dst = append(dst, `,"APIID":`...)
	dst = jsontext.AppendText(dst, api.ID)
	if !hidesConfig(config) {
		dst = append(dst, `,"config_data":`...)
		dst = appendJSON(dst, api.Config)
	}
	dst = append(dst, `,"Hook":`...)
	dst = jsontext.AppendText(dst, h.String())
	if len(config) > 0 {
		dst = append(dst, `,"plugin_config":`...)
		dst = appendJSON(dst, config)
	}
	return append(dst, '}')
}

// hidesConfig reads the option of a plugin that keeps the configuration of the
// API from its script.
func hidesConfig(config []byte) bool {
	var o struct {
		HideConfig bool `json:"hide_config"`
	}
	return len(config) > 0 && json.Unmarshal(config, &o) == nil && o.HideConfig
}

// AppendContext appends the second argument of an event handler.
func AppendContext(dst []byte, api *abi.API) []byte {
	dst = append(dst, `{"APIID":`...)
	dst = jsontext.AppendText(dst, api.ID)
	dst = append(dst, `,"OrgID":`...)
	dst = jsontext.AppendText(dst, api.OrgID)
	return append(dst, '}')
}

// AppendEvent appends the first argument of an event handler. The time is
// text in whatever form the caller likes; scripts only print it.
func AppendEvent(dst []byte, n *abi.Notice, at string) []byte {
	dst = append(dst, `{"Type":`...)
	dst = jsontext.AppendText(dst, n.Name)
	dst = append(dst, `,"Meta":`...)
	dst = appendJSON(dst, n.Data)
	dst = append(dst, `,"TimeStamp":`...)
	dst = jsontext.AppendText(dst, at)
	return append(dst, '}')
}

// appendJSON appends a JSON text with its keys in byte order; null if it
// is empty or not JSON.
func appendJSON(dst, raw []byte) []byte {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return append(dst, "null"...)
	}
	return appendSorted(dst, v)
}
