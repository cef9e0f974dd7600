package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// keyEntry is one entry of a key file.
type keyEntry struct {
	Key     string       `json:"key"`
	Session *abi.Session `json:"session"`
}

// KeyFile is a file of keys that a store begins with: a JSON array of
// {"key": "…", "session": {…}}. The session has the fields of [abi.Session],
// others are ignored. It keeps the keys in memory, in order to know which ones
// a later version of the file has lost.
type KeyFile struct {
	path    string
	entries []keyEntry
}

// ReadKeys reads a key file. All mistakes are reported at once, each with the
// file and the entry, counted from 1. No error ever holds a key.
func ReadKeys(path string) (*KeyFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: key file: %w", err)
	}
	entries, err := parseKeys(path, data)
	if err != nil {
		return nil, err
	}
	return &KeyFile{path, entries}, nil
}

// Len returns the number of keys.
func (f *KeyFile) Len() int { return len(f.entries) }

// Apply puts the sessions of the file into a store, and takes those away that
// before has and f has not: these keys stop at once. Either may be nil, which
// is a file without keys. Counters are not touched.
func (f *KeyFile) Apply(s Sessions, before *KeyFile) error {
	kept := map[string]bool{}
	if f != nil {
		for i, e := range f.entries {
			kept[e.Key] = true
			if err := s.PutSession(time.Time{}, []byte(e.Key), e.Session); err != nil {
				return fmt.Errorf("%s: entry %d: %w", f.path, i+1, err)
			}
		}
	}
	if before == nil {
		return nil
	}
	for i, e := range before.entries {
		if kept[e.Key] {
			continue
		}
		if err := s.DropSession(time.Time{}, []byte(e.Key)); err != nil {
			return fmt.Errorf("%s: entry %d, which is to be revoked: %w", before.path, i+1, err)
		}
	}
	return nil
}

// parseKeys reads a key file; name stands for it in errors.
func parseKeys(name string, data []byte) ([]keyEntry, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, arrayError(name, data, err)
	}
	entries := make([]keyEntry, len(raw))
	first := make(map[string]int, len(raw))
	var mistakes []error
	for i, r := range raw {
		err := entries[i].parse(r)
		if earlier, ok := first[entries[i].Key]; ok && err == nil {
			err = fmt.Errorf("has the same key as entry %d", earlier)
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: entry %d: %w", name, i+1, err))
			continue
		}
		first[entries[i].Key] = i + 1
	}
	return entries, errors.Join(mistakes...)
}

func (e *keyEntry) parse(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return errors.New("want an object with key and session")
	}
	for name := range fields {
		if name != "key" && name != "session" {
			return fmt.Errorf("unknown field %q; want key and session", name)
		}
	}
	if err := json.Unmarshal(fields["key"], &e.Key); err != nil || e.Key == "" {
		return errors.New("key is missing, empty or not a string")
	}
	err := json.Unmarshal(fields["session"], &e.Session)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("session: field %s cannot be a %s", wrong.Field, wrong.Value)
	}
	if err != nil || e.Session == nil {
		return errors.New("session is missing or not an object")
	}
	return nil
}

// arrayError says where a file stops being an array of JSON values.
func arrayError(name string, data []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, col := position(data, int(syntax.Offset))
		return fmt.Errorf("%s:%d:%d: %w", name, line, col, err)
	}
	return fmt.Errorf("%s: want a JSON array of objects with key and session", name)
}

// position turns an offset into a line and a column, both counted from 1.
func position(data []byte, offset int) (line, col int) {
	before := data[:max(0, min(offset-1, len(data)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
