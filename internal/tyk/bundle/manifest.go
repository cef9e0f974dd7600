package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	manifestName = "manifest.json"
	maxManifest  = 4 << 20
)

// manifest is the manifest.json of a bundle.
type manifest struct {
	Files     []string        `json:"file_list"`
	Section   json.RawMessage `json:"custom_middleware"`
	Checksum  string          `json:"checksum"`
	Signature string          `json:"signature"`
}

func readManifest(dir string) (*manifest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it has no manifest.json at its root")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return nil, err
	}
	return parseManifest(data)
}

func parseManifest(data []byte) (*manifest, error) {
	if len(data) > maxManifest {
		return nil, fmt.Errorf("manifest.json is larger than %d bytes", maxManifest)
	}
	m := new(manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	if len(m.Section) == 0 || string(m.Section) == "null" {
		m.Section = json.RawMessage("{}")
	}
	return m, nil
}

// checkHooks finds hook files that the checksum does not cover. With a key
// that is an error: whoever changes such a file would run code that nobody has
// signed.
func (l *bundleLoader) checkHooks(m *manifest) error {
	s, err := parseSection(m.Section)
	if err != nil {
		return err
	}
	listed := make([]string, len(m.Files))
	for i, f := range m.Files {
		listed[i] = relative(f)
	}
	for _, file := range s.files() {
		name := relative(file)
		switch {
		case name == ".." || strings.HasPrefix(name, "../"):
			return fmt.Errorf("manifest.json: the hook file %q is outside of the bundle", file)
		case slices.Contains(listed, name):
		case l.key != nil:
			return fmt.Errorf("manifest.json: the hook file %q is not in file_list, so its signature does not cover it", file)
		default:
			l.warn("the hook file %q is not in file_list, so nothing checks it", file)
		}
	}
	return nil
}

func (l *bundleLoader) warn(format string, arguments ...any) {
	w := fmt.Sprintf(format, arguments...)
	if !slices.Contains(l.warnings, w) {
		l.warnings = append(l.warnings, w)
	}
}

// relative is a path of the manifest below the folder of its bundle, where Tyk
// looks for it even when it begins with a slash.
func relative(file string) string {
	return path.Clean(strings.TrimLeft(file, "/"))
}

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
