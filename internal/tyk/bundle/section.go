package bundle

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// lists are the hooks with any number of plugins.
var lists = [...]string{"pre", "post_key_auth", "post", "response"}

var (
	sectionKeys = [...]string{"pre", "post_key_auth", "post", "response", "auth_check", "driver", "id_extractor"}
	hookKeys    = [...]string{"disabled", "name", "path", "code", "require_session", "raw_body_only"}
)

// hookSection is a custom_middleware section. What it does not know stays as it is.
type hookSection struct {
	keys  map[string]json.RawMessage
	hooks map[string][]rawHook // of lists
	auth  rawHook              // nil without an auth_check
}

// rawHook is one plugin of a section.
type rawHook map[string]json.RawMessage

func parseSection(data json.RawMessage) (*hookSection, error) {
	s := &hookSection{hooks: make(map[string][]rawHook)}
	if err := json.Unmarshal(data, &s.keys); err != nil {
		return nil, fmt.Errorf("manifest.json: custom_middleware: %w", err)
	}
	if err := fold(s.keys, sectionKeys[:]); err != nil {
		return nil, fmt.Errorf("manifest.json: custom_middleware: %w", err)
	}
	for _, list := range lists {
		var hooks []rawHook
		if err := s.decode(list, &hooks); err != nil {
			return nil, err
		}
		s.hooks[list] = hooks
	}
	if err := s.decode("auth_check", &s.auth); err != nil {
		return nil, err
	}
	for _, h := range append([]rawHook{s.auth}, s.all()...) {
		if err := fold(h, hookKeys[:]); err != nil {
			return nil, fmt.Errorf("manifest.json: custom_middleware: a hook: %w", err)
		}
	}
	if s.auth.text("name") == "" && s.auth.text("path") == "" && s.auth.text("code") == "" {
		s.auth = nil
	}
	return s, nil
}

// fold writes known keys the way they are documented. Tyk does not look at the
// case of a key: what is checked here under one spelling must not be run from
// another.
func fold(m map[string]json.RawMessage, known []string) error {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) })
		if i < 0 || known[i] == key {
			continue
		}
		if _, ok := m[known[i]]; ok {
			return fmt.Errorf("%s is there twice", known[i])
		}
		m[known[i]] = m[key]
		delete(m, key)
	}
	return nil
}

func (s *hookSection) decode(key string, to any) error {
	if len(s.keys[key]) == 0 {
		return nil
	}
	if err := json.Unmarshal(s.keys[key], to); err != nil {
		return fmt.Errorf("manifest.json: custom_middleware.%s: %w", key, err)
	}
	return nil
}

// all returns every hook of the section, in the order of their files.
func (s *hookSection) all() []rawHook {
	var all []rawHook
	if s.auth != nil {
		all = append(all, s.auth)
	}
	for _, list := range lists {
		all = append(all, s.hooks[list]...)
	}
	return all
}

// files returns the files of the hooks, each once.
func (s *hookSection) files() []string {
	var files []string
	for _, h := range s.all() {
		if f := h.text("path"); f != "" && !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	return files
}

// text returns a string of the hook, or "".
func (h rawHook) text(key string) string {
	var s string
	if json.Unmarshal(h[key], &s) != nil {
		return ""
	}
	return s
}

// move puts a folder in front of the hook's file.
func (h rawHook) move(dir string) error {
	file := h.text("path")
	if file == "" || dir == "" {
		return nil
	}
	moved, err := json.Marshal(path.Join(dir, relative(file)))
	if err != nil {
		return err
	}
	h["path"] = moved
	return nil
}
