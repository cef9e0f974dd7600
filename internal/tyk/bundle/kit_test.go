package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
)

// entry is a file of a zip; mode 0 is a regular file.
type entry struct {
	name, text string
	mode       os.FileMode
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// manifest is what a test says of a bundle; the checksum is filled in.
type manifest struct {
	Files     []string       `json:"file_list"`
	Section   map[string]any `json:"custom_middleware"`
	Checksum  string         `json:"checksum"`
	Signature string         `json:"signature"`
}

// bundleOf makes a zip with a manifest for the files, which are all listed
// when the manifest lists none. With a key it is signed.
func bundleOf(t testing.TB, m manifest, key *rsa.PrivateKey, files ...entry) []byte {
	t.Helper()
	var all string
	for _, f := range files {
		if m.Files == nil || slices.Contains(m.Files, f.name) {
			all += f.text
		}
	}
	if m.Files == nil {
		for _, f := range files {
			m.Files = append(m.Files, f.name)
		}
	}
	if m.Checksum == "" {
		m.Checksum = hexMD5(all)
	}
	if key != nil && m.Signature == "" {
		m.Signature = sign(t, key, all)
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return zipOf(t, append(files, entry{name: "manifest.json", text: string(text)})...)
}

func hexMD5(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func sign(t testing.TB, key *rsa.PrivateKey, text string) string {
	t.Helper()
	digest := sha256.Sum256([]byte(text))
	s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(s)
}

// keys makes a key once for all tests.
var keys = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func publicKeyFile(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&keys().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "key.pem")
	write(t, name, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	return name
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// local makes a configuration with a folder of zips.
func local(t testing.TB, zips map[string][]byte) bundle.Config {
	t.Helper()
	c := bundle.Config{Root: t.TempDir(), Local: t.TempDir()}
	for name, data := range zips {
		write(t, filepath.Join(c.Local, name), data)
	}
	return c
}

// transport answers requests without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(code int, body []byte) *http.Response {
	return &http.Response{StatusCode: code, Status: http.StatusText(code), Body: io.NopCloser(bytes.NewReader(body))}
}

func hooks(path string) map[string]any {
	return map[string]any{"driver": "otto", "pre": []any{map[string]any{"name": "pre", "path": path}}}
}

// wantNothingLeft checks that a failed load has left no folder.
func wantNothingLeft(t *testing.T, c bundle.Config) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(c.Root, "bundles"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Fatalf("error = %v, want one with %q", err, part)
	}
}
