package object

import (
	"encoding/json"
	"time"
)

// timestamp is a time of RFC 3339 as text. The empty one is written as Go writes
// its zero time, in the year 1.
type timestamp string

// MarshalJSON implements [json.Marshaler].
func (d timestamp) MarshalJSON() ([]byte, error) {
	if d == "" {
		d = "0001-01-01T00:00:00Z"
	}
	return json.Marshal(string(d))
}

// UnmarshalJSON implements [json.Unmarshaler]. The text must be a time.
func (d *timestamp) UnmarshalJSON(raw []byte) error {
	var t time.Time
	if err := json.Unmarshal(raw, &t); err != nil || t.IsZero() {
		*d = ""
		return err
	}
	*d = timestamp(t.Format(time.RFC3339Nano))
	return nil
}
