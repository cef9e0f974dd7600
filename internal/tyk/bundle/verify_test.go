package bundle_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
)

func TestSignedBundleIsLoadedWithItsKey(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: hooks("a.js")}, keys(), entry{name: "a.js", text: "1"}, entry{name: "b.js", text: "2"})})
	c.PublicKeyPath = publicKeyFile(t)
	for range 2 { // the second time from the folder
		if _, err := bundle.Load(t.Context(), c, "a"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOldFormOfAKeyIsRead(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{}, keys())})
	c.PublicKeyPath = filepath.Join(t.TempDir(), "key.pem")
	write(t, c.PublicKeyPath, pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&keys().PublicKey)}))
	if _, err := bundle.Load(t.Context(), c, "a"); err != nil {
		t.Error(err)
	}
}

func TestEmptyFileListHasTheSumOfNothing(t *testing.T) {
	m := manifest{Files: []string{}, Checksum: "d41d8cd98f00b204e9800998ecf8427e"}
	if _, err := bundle.Load(t.Context(), local(t, map[string][]byte{"a.zip": bundleOf(t, m, nil)}), "a"); err != nil {
		t.Error(err)
	}
}

func TestBundleThatIsNotWhatItSaysIsRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := entry{name: "a.js", text: "1"}
	for _, test := range []struct {
		name string
		zip  []byte
		part string
	}{
		{"wrong checksum", bundleOf(t, manifest{Checksum: strings.Repeat("0", 32)}, keys(), file), "checksum"},
		{"no signature", bundleOf(t, manifest{}, nil, file), "isn't signed"},
		{"signature is not base64", bundleOf(t, manifest{Signature: "%%%"}, nil, file), "signature"},
		{"signature of another key", bundleOf(t, manifest{}, other, file), "does not match"},
		{"signature of other files", bundleOf(t, manifest{Signature: sign(t, keys(), "2")}, nil, file), "does not match"},
		{"listed file is missing", bundleOf(t, manifest{Files: []string{"a.js", "b.js"}}, keys(), file), "b.js"},
		{"listed file is a folder", bundleOf(t, manifest{Files: []string{"js"}}, keys(), entry{name: "js/a.js", text: "1"}), "not a file"},
		{"listed file is outside", bundleOf(t, manifest{Files: []string{"../../../../../etc/passwd"}}, keys(), file), "file_list"},
		{"no manifest", zipOf(t, file), "manifest.json"},
		{"manifest is no JSON", zipOf(t, entry{name: "manifest.json", text: "{"}), "manifest.json"},
		{"manifest is a list", zipOf(t, entry{name: "manifest.json", text: "[]"}), "manifest.json"},
		{"section is a text", zipOf(t, entry{name: "manifest.json", text: `{"custom_middleware": "x", "checksum": "d41d8cd98f00b204e9800998ecf8427e", "signature": "` + sign(t, keys(), "") + `"}`}), "manifest.json: custom_middleware"},
		{"manifest below a folder", zipOf(t, entry{name: "x/manifest.json", text: "{}"}), "manifest.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := local(t, map[string][]byte{"a.zip": test.zip})
			c.PublicKeyPath = publicKeyFile(t)
			_, err := bundle.Load(t.Context(), c, "a")
			wantError(t, err, test.part)
			wantNothingLeft(t, c)
		})
	}
}

func TestOneBadBundleOfAListLeavesNothing(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{}, nil), "b.zip": zipOf(t)})
	_, err := bundle.Load(t.Context(), c, "a.zip,b.zip")
	wantError(t, err, "b.zip")
	wantNothingLeft(t, c)
}

func TestUnusableKeyIsAnError(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key.pem")
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{}, keys())})
	c.PublicKeyPath = name
	for _, text := range []string{"", "text", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}))} {
		write(t, name, []byte(text))
		_, err := bundle.Load(t.Context(), c, "a")
		wantError(t, err, "public_key_path")
	}
}

func TestFileListThatGoesOnForEverEnds(t *testing.T) {
	m := manifest{}
	for range 100000 {
		m.Files = append(m.Files, "a.js")
	}
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, m, nil, entry{name: "a.js", text: strings.Repeat("x", 1<<10)})})
	c.MaxBytes = 3 << 20
	_, err := bundle.Load(t.Context(), c, "a")
	wantError(t, err, "too large together")
}
