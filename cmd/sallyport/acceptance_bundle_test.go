package main

import (
	"crypto"
	"crypto/md5" //nolint:gosec // folders of bundles are named by it
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/config"
)

// bundleCases are about bundles that are served, signed or changed.
func bundleCases() []*acceptance {
	return []*acceptance{
		{id: "B2", about: "seven bundles with something wrong are refused and leave no folder; a good one is served", lenient: true, run: playBrokenBundles},
		{id: "B3", about: "a bundle that is there is not downloaded again, and checked again only if it is signed and that is not skipped", run: playExistingBundle},
		{id: "B5", about: "a download that fails once is tried again; after five failures the API is skipped", run: playBundleRetries},
	}
}

// bundleServer serves bundles and counts.
type bundleServer struct {
	*httptest.Server

	mu    sync.Mutex // protects all below
	files map[string]string
	fail  map[string]int // how often to fail first
	asked map[string]int
}

func newBundleServer(t *testing.T) *bundleServer {
	t.Helper()
	s := &bundleServer{files: map[string]string{}, fail: map[string]int{}, asked: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP implements http.Handler.
func (s *bundleServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := path.Base(r.URL.Path)
	s.asked[name]++
	data, ok := s.files[name]
	switch {
	case s.asked[name] <= s.fail[name]:
		w.WriteHeader(http.StatusServiceUnavailable)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = io.WriteString(w, data)
	}
}

func (s *bundleServer) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

// settings are those of a gateway that fetches bundles from the server.
func (s *bundleServer) settings(more string) txtar.File {
	return txtar.File{Name: "tyk.conf", Data: fmt.Appendf(nil, `{"enable_jsvm": true, "enable_bundle_downloader": true, "bundle_base_url": %q%s}`, s.URL+"/plugins/", more)}
}

// bundledAPI is an API with a bundle.
func bundledAPI(name, bundle string) txtar.File {
	return txtar.File{Name: "apps/" + name + ".json", Data: fmt.Appendf(nil, `{
  "api_id": %[1]q, "name": %[1]q, "org_id": "acme", "use_keyless": true,
  "proxy": {"listen_path": "/%[1]s/", "target_url": "$UPSTREAM", "strip_listen_path": true},
  "custom_middleware_bundle": %[2]q
}`, name, bundle)}
}

// markScript is a script with a hook that sets X-Bundle.
const markScript = `var mark = new TykJS.TykMiddleware.NewMiddleware({});
mark.NewProcessRequest(function (request, session, spec) {
    request.SetHeaders["X-Bundle"] = "marked";
    return mark.ReturnData(request, {});
});
`

// markBundle returns the entries of a bundle with that script. more are
// further keys of the manifest.
func markBundle(checksum, files, more string) []txtar.File {
	return []txtar.File{
		{Name: "manifest.json", Data: fmt.Appendf(nil, `{"file_list": [%s], "checksum": %q,
  "custom_middleware": {"driver": "otto", "pre": [{"name": "mark", "path": "hooks.js"}]}%s}`, files, checksum, more)},
		{Name: "hooks.js", Data: []byte(markScript)},
	}
}

// bundleKey signs bundles.
var bundleKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// signatureOf returns the key of a manifest that signs text.
func signatureOf(t *testing.T, text string) string {
	t.Helper()
	key, err := bundleKey()
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`, "signature": %q`, base64.StdEncoding.EncodeToString(signature))
}

// publicKeyFile is the file that public_key_path names.
func publicKeyFile(t *testing.T) txtar.File {
	t.Helper()
	key, err := bundleKey()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return txtar.File{Name: "key.pem", Data: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
}

// steps sends requests and checks what comes of them.
func (w *world) steps(t *testing.T, text string) {
	t.Helper()
	var r acceptanceRound
	r.readSteps(t, w.id, text)
	for i := range r.steps {
		r.steps[i].take(t, w)
	}
}

// playBrokenBundles is B2.
func playBrokenBundles(t *testing.T, c *acceptance, engine string) {
	const one, none = `"hooks.js"`, ""
	good := signatureOf(t, markScript)
	bundles := map[string][]txtar.File{
		"good":     markBundle("$MD5", one, good),
		"checksum": markBundle(strings.Repeat("0", 32), one, good),
		"unsigned": markBundle("$MD5", one, ""),
		"base64":   markBundle("$MD5", one, `, "signature": "%%%"`),
		"wrong":    markBundle("$MD5", one, signatureOf(t, markScript+"//")),
		"absent":   markBundle("$MD5", one+`, "gone.js"`, good),
		"bare":     markBundle("$MD5", none, "")[1:],
		"dotdot":   append(markBundle("$MD5", one, good), txtar.File{Name: "../evil.js", Data: []byte(markScript)}),
	}
	w, s := newWorld(t, c, engine), newBundleServer(t)
	files := []txtar.File{s.settings(`, "public_key_path": "key.pem"`), publicKeyFile(t)}
	steps := "GET /good/x\n= 200\n= upstream header X-Bundle: marked\n"
	for name, entries := range bundles {
		s.files[name+".zip"] = w.echo.zip(t, entries)
		files = append(files, bundledAPI(name, name+".zip"))
		if name != "good" {
			steps += "GET /" + name + "/x\n= 404\n= upstream none\n"
		}
	}
	w.plant(t, files)
	w.mustRefuse(t, &acceptanceRound{refused: []string{
		`"checksum.zip": manifest.json: the checksum of the files is`, `"unsigned.zip": bundle isn't signed`,
		`"base64.zip": manifest.json: signature: illegal base64`, `"wrong.zip": manifest.json: the signature does not match`,
		`"absent.zip": manifest.json: file_list: `, `"bare.zip": it has no manifest.json`, `"dotdot.zip": entry "../evil.js": the name has ..`,
	}})
	w.onlyBundle(t, "good.zip")
	w.start(t)
	w.steps(t, steps)
	w.onlyBundle(t, "good.zip")
}

// onlyBundle checks that there is the folder of one bundle, and nothing else
// that has come out of one.
func (w *world) onlyBundle(t *testing.T, name string) {
	t.Helper()
	var got []string
	err := filepath.WalkDir(filepath.Join(w.dir, "middleware"), func(file string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(w.dir, file)
			got = append(got, filepath.ToSlash(rel))
		}
		return err
	})
	dir := bundleDir(name)
	if diff := cmp.Diff([]string{dir + "/hooks.js", dir + "/manifest.json"}, got); err != nil || diff != "" {
		t.Errorf("files (-want +got): %v\n%s", err, diff)
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "middleware", "bundles"))
	if err != nil || len(entries) != 1 {
		t.Errorf("bundles = %v, %v, want one folder", entries, err)
	}
}

// bundleDir is where a bundle is unpacked.
func bundleDir(name string) string {
	sum := md5.Sum([]byte(name)) //nolint:gosec // as above
	return "middleware/bundles/" + hex.EncodeToString(sum[:])
}

// playExistingBundle is B3: what happens to a bundle whose manifest was
// changed after it was unpacked.
func playExistingBundle(t *testing.T, c *acceptance, engine string) {
	const passes = "GET /a/x\n= 200\n= upstream header X-Bundle: marked\n"
	for _, tt := range []struct {
		name, signature, settings, more string
		refused                         []string
	}{
		{name: "unsigned"},
		{name: "signed", signature: "yes", settings: `, "public_key_path": "key.pem"`, refused: []string{"the checksum of the files is"}},
		{name: "skipped", signature: "yes", settings: `, "public_key_path": "key.pem", "skip_verify_existing_plugin_bundle": true`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, s := newWorld(t, c, engine), newBundleServer(t)
			if tt.signature != "" {
				tt.signature = signatureOf(t, markScript)
			}
			s.files["a.zip"] = w.echo.zip(t, markBundle("$MD5", `"hooks.js"`, tt.signature))
			w.plant(t, []txtar.File{s.settings(tt.settings), publicKeyFile(t), bundledAPI("a", "a.zip")})
			w.start(t)
			w.steps(t, passes)
			if err := w.reload(t); err != nil {
				t.Errorf("reload of what is there: %v", err)
			}
			w.steps(t, passes)
			manifest := markBundle(strings.Repeat("0", 32), `"hooks.js"`, tt.signature)[0].Data
			w.write(t, path.Join(bundleDir("a.zip"), "manifest.json"), string(manifest))
			err := w.reload(t)
			switch {
			case tt.refused != nil:
				w.checkRefusal(t, &acceptanceRound{refused: tt.refused}, err)
			case err != nil:
				t.Errorf("reload of a changed manifest: %v", err)
			}
			w.steps(t, passes)
			if n := s.count("a.zip"); n != 1 {
				t.Errorf("%d downloads, want 1", n)
			}
		})
	}
}

// playBundleRetries is B5.
func playBundleRetries(t *testing.T, c *acceptance, engine string) {
	serve := func(t *testing.T, fail int) (*world, *bundleServer) {
		t.Helper()
		w, s := newWorld(t, c, engine), newBundleServer(t)
		s.files["a.zip"], s.fail["a.zip"] = w.echo.zip(t, markBundle("$MD5", `"hooks.js"`, "")), fail
		s.files["b.zip"] = s.files["a.zip"]
		w.plant(t, []txtar.File{s.settings(""), bundledAPI("a", "a.zip"), bundledAPI("b", "b.zip")})
		return w, s
	}
	t.Run("first", func(t *testing.T) {
		t.Parallel()
		w, s := serve(t, 1)
		w.start(t)
		w.steps(t, "GET /a/x\n= 200\n= upstream header X-Bundle: marked\n")
		if n := s.count("a.zip"); n != 2 {
			t.Errorf("%d downloads, want 2", n)
		}
	})
	if engine != config.JSVM {
		return // an API that is not imported reaches no engine, and the pauses are long
	}
	for name, lenient := range map[string]bool{"all": false, "all, lenient": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := serve(t, 99)
			if !lenient {
				w.mustRefuse(t, &acceptanceRound{refused: []string{`bundle "a.zip": no luck in 5 tries`, "503"}})
			} else {
				copied := *w.acceptance
				copied.lenient, w.acceptance = true, &copied
				w.start(t)
				w.steps(t, "GET /a/x\n= 404\n= upstream none\nGET /b/x\n= 200\n= upstream header X-Bundle: marked\n")
			}
			if n := s.count("a.zip"); n != 5 {
				t.Errorf("%d downloads, want 5", n)
			}
		})
	}
}
