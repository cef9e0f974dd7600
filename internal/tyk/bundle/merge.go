package bundle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// merge makes one section of those of all bundles. It is written anew even for
// one bundle: nobody may read anything in it that was not checked here, as they
// could in an object with a key twice.
func (l *bundleLoader) merge(manifests []*manifest) (json.RawMessage, error) {
	m := &manifestMerger{keys: make(map[string]json.RawMessage), hooks: make(map[string][]rawHook)}
	for i, manifest := range manifests {
		s, err := parseSection(manifest.Section)
		if err != nil {
			return nil, l.of(l.parts[i], err)
		}
		if err := m.add(s, l.parts[i]); err != nil {
			return nil, err
		}
	}
	for _, key := range m.ignored {
		l.warn("custom_middleware.%s differs between the bundles, and the first one is used", key)
	}
	return m.section()
}

// manifestMerger is a section in the making.
type manifestMerger struct {
	keys    map[string]json.RawMessage // what is not a hook; the first one wins
	hooks   map[string][]rawHook
	auth    rawHook
	authOf  string
	driver  string
	driven  string   // the bundle that names the driver
	ignored []string // keys of which a later value was dropped
}

func (m *manifestMerger) add(s *hookSection, p bundlePart) error {
	for _, h := range s.all() {
		if err := h.move(p.dir); err != nil {
			return err
		}
	}
	for _, list := range lists {
		m.hooks[list] = append(m.hooks[list], s.hooks[list]...)
	}
	if err := m.addAuth(s, p); err != nil {
		return err
	}
	if err := m.addDriver(s, p); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		m.addKey(key, s.keys[key])
	}
	return nil
}

func (m *manifestMerger) addAuth(s *hookSection, p bundlePart) error {
	if s.auth == nil {
		return nil
	}
	if m.auth != nil {
		return fmt.Errorf("%s: it has an auth_check, and so has %s", p.name, m.authOf)
	}
	m.auth, m.authOf = s.auth, p.name
	return nil
}

func (m *manifestMerger) addDriver(s *hookSection, p bundlePart) error {
	var driver string
	if err := s.decode("driver", &driver); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	switch {
	case driver == "" || driver == m.driver:
	case m.driver == "":
		m.driver, m.driven = driver, p.name
	default:
		return fmt.Errorf("%s: its driver is %s, and that of %s is %s", p.name, driver, m.driven, m.driver)
	}
	return nil
}

// addKey keeps what is neither a hook nor the driver, id_extractor among it.
func (m *manifestMerger) addKey(key string, value json.RawMessage) {
	if key == "driver" || key == "auth_check" || slices.Contains(lists[:], key) || empty(value) {
		return
	}
	old, ok := m.keys[key]
	switch {
	case !ok:
		m.keys[key] = value
	case string(old) != string(value) && !slices.Contains(m.ignored, key):
		m.ignored = append(m.ignored, key)
	}
}

func empty(value json.RawMessage) bool {
	s := string(value)
	return s == "" || s == "null" || s == "{}" || s == "[]" || s == `""`
}

func (m *manifestMerger) section() (json.RawMessage, error) {
	out := make(map[string]any)
	for key, value := range m.keys {
		out[key] = value
	}
	for list, hooks := range m.hooks {
		if len(hooks) > 0 {
			out[list] = hooks
		}
	}
	if m.auth != nil {
		out["auth_check"] = m.auth
	}
	if m.driver != "" {
		out["driver"] = m.driver
	}
	return json.Marshal(out)
}
