package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
