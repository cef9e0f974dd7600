package builtin

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// decode reads the plugin's configuration into dst, a pointer to a struct
// whose JSON names are known. It refuses every other key by its name.
func decode(s abi.Spec, dst any, known ...string) error {
	if len(s.Config) == 0 {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(s.Config, &keys); err != nil {
		return refuse("the configuration is not an object: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if slices.Contains(known, key) {
			continue
		}
		if len(known) == 0 {
			return refuse("unknown key %q in the configuration; %s takes none", key, s.Entry)
		}
		return refuse("unknown key %q in the configuration%s; %s takes %s",
			key, hint(key, known), s.Entry, strings.Join(known, ", "))
	}
	d := json.NewDecoder(bytes.NewReader(s.Config))
	d.DisallowUnknownFields() // those further down
	err := d.Decode(dst)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return refuse("%s must be a %s, not a %s", wrong.Field, wrong.Type, wrong.Value)
	}
	if err != nil {
		return refuse("configuration: %w", err)
	}
	return nil
}

// hint returns "; did you mean …?" for a name that is close to a known one.
func hint(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance counts the single-byte edits that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
