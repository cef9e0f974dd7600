// Package bundle fetches, unpacks and checks Tyk plugin bundles: zip files
// that hold scripts and a manifest.json with the hooks they are for.
//
// A bundle is unpacked to a temporary folder, checked there, and renamed only
// when everything about it is right: a folder under its final name is complete,
// and a failure leaves nothing behind.
package bundle

import (
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Config says where bundles come from, where they go and how they are checked.
// The zero value knows no source and unpacks into the working directory.
type Config struct {
	// Root is Tyk's middleware_path. Bundles are unpacked to Root/bundles.
	Root string
	// BaseURL is bundle_base_url; its scheme is http, https or file.
	BaseURL string
	// Download is enable_bundle_downloader. Without it, nothing is fetched
	// from BaseURL.
	Download bool
	// Local is a folder with NAME.zip files, which is used when BaseURL is
	// empty. Empty means there is none.
	Local string
	// Insecure is bundle_insecure_skip_verify: any certificate will do.
	Insecure bool
	// PublicKeyPath is public_key_path, a PEM file with an RSA key. When it is
	// set, a new bundle must be signed.
	PublicKeyPath string
	// SkipVerifyExisting is skip_verify_existing_plugin_bundle.
	SkipVerifyExisting bool
	// MaxBytes bounds the zip file, and on its own what is in it; 0 means
	// 64 MiB.
	MaxBytes int64
	// MaxEntries bounds the number of files and folders in a zip file; 0 means
	// 2,000.
	MaxEntries int
	// Transport sends the requests; nil means one made for the call.
	Transport http.RoundTripper
}

func (c *Config) maxBytes() int64 {
	if c.MaxBytes > 0 {
		return c.MaxBytes
	}
	return 64 << 20
}

func (c *Config) maxEntries() int {
	if c.MaxEntries > 0 {
		return c.MaxEntries
	}
	return 2000
}

// Bundle is what a reference came to. The zero Bundle is that of an empty
// reference: the definition's own custom_middleware section stays.
type Bundle struct {
	// Dir is the folder that the paths in Section are relative to.
	Dir string
	// Hash is the hex md5 of the reference, the last element of Dir. External
	// processes are given it as bundle_hash.
	Hash string
	// Section is the custom_middleware section as JSON. It replaces that of
	// the definition, driver included. In a list of bundles it is the sections
	// of all, and the paths begin with the folder of their bundle.
	Section json.RawMessage
	// Warnings are full sentences without a full stop, in a fixed order.
	Warnings []string
}

// Load returns the bundle, or the list of bundles separated by commas, that a
// definition refers to as custom_middleware_bundle. It fetches and unpacks what
// is not there yet. Two calls for one reference may run at the same time, in
// one process or several. It returns when ctx ends, even between two tries.
func Load(ctx context.Context, c Config, reference string) (Bundle, error) {
	parts, err := split(reference)
	if err != nil || len(parts) == 0 {
		return Bundle{}, err
	}
	l := &bundleLoader{config: c, parts: parts, reference: reference}
	b, err := l.load(ctx)
	if err != nil {
		return Bundle{}, fmt.Errorf("bundle %q: %w", reference, err)
	}
	return b, nil
}

// bundlePart is one bundle of a reference.
type bundlePart struct {
	name string
	dir  string // below the folder of the reference, with slashes; "" for the only one
}

// split reads a reference. Several bundles have a folder each.
func split(reference string) ([]bundlePart, error) {
	var parts []bundlePart
	for name := range strings.SplitSeq(reference, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if err := checkName(name); err != nil {
			return nil, err
		}
		parts = append(parts, bundlePart{name: name})
	}
	if len(parts) < 2 {
		return parts, nil
	}
	return parts, folders(parts)
}

func checkName(name string) error {
	if strings.ContainsAny(name, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) == "." {
		return fmt.Errorf("bundle %q: the name must be a relative path without .. or backslashes", name)
	}
	return nil
}

func folders(parts []bundlePart) error {
	seen := make(map[string]string)
	for i := range parts {
		name := parts[i].name
		dir := strings.ReplaceAll(strings.TrimSuffix(name, path.Ext(name)), "/", "__")
		if dir == "" || dir == "." || dir == ".." {
			return fmt.Errorf("bundle %q: the name before its extension is empty", name)
		}
		if other, ok := seen[dir]; ok {
			return fmt.Errorf("bundles %q and %q: both would be unpacked to %s", other, name, dir)
		}
		seen[dir], parts[i].dir = name, dir
	}
	return nil
}

// bundleLoader is one call of Load.
type bundleLoader struct {
	config    Config
	parts     []bundlePart
	reference string
	key       *publicKey // nil without one
	warnings  []string
}

func (l *bundleLoader) load(ctx context.Context) (Bundle, error) {
	var err error
	if l.key, err = readPublicKey(l.config.PublicKeyPath); err != nil {
		return Bundle{}, err
	}
	sum := md5.Sum([]byte(l.reference)) //nolint:gosec // a name, not a check
	hash := hex.EncodeToString(sum[:])
	dir := filepath.Join(l.config.Root, "bundles", hash)
	manifests, err := l.manifests(ctx, dir)
	if err != nil {
		return Bundle{}, err
	}
	section, err := l.merge(manifests)
	if err != nil {
		return Bundle{}, err
	}
	return Bundle{Dir: dir, Hash: hash, Section: section, Warnings: l.warnings}, nil
}

// manifests returns the manifests of the bundles in dir, where it puts them
// first unless they are there.
func (l *bundleLoader) manifests(ctx context.Context, dir string) ([]*manifest, error) {
	if l.complete(dir) {
		return l.read(dir, l.verifyExisting)
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	temporary, err := os.MkdirTemp(parent, ".new-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(temporary) }() // nothing to do about it
	if err := l.unpackAll(ctx, temporary); err != nil {
		return nil, err
	}
	manifests, err := l.read(temporary, l.verifyNew)
	if err != nil {
		return nil, err
	}
	return manifests, l.install(temporary, dir)
}

// complete reports whether every bundle is in dir. A folder without a manifest
// is one that another gateway has left half unpacked.
func (l *bundleLoader) complete(dir string) bool {
	for _, p := range l.parts {
		info, err := os.Lstat(filepath.Join(dir, p.dir, manifestName))
		if err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

func (l *bundleLoader) unpackAll(ctx context.Context, dir string) error {
	for _, p := range l.parts {
		data, err := l.fetch(ctx, p.name)
		if err != nil {
			return l.of(p, err)
		}
		if err := l.unpack(data, filepath.Join(dir, p.dir)); err != nil {
			return l.of(p, err)
		}
	}
	return nil
}

// read reads and checks the manifests of all bundles in dir.
func (l *bundleLoader) read(dir string, verify func(dir string, m *manifest) error) ([]*manifest, error) {
	manifests := make([]*manifest, len(l.parts))
	for i, p := range l.parts {
		m, err := l.readOne(filepath.Join(dir, p.dir), verify)
		if err != nil {
			return nil, l.of(p, err)
		}
		manifests[i] = m
	}
	return manifests, nil
}

func (l *bundleLoader) readOne(dir string, verify func(dir string, m *manifest) error) (*manifest, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	if err := verify(dir, m); err != nil {
		return nil, err
	}
	return m, l.checkHooks(m)
}

// install gives the new folder its name. When another process has been faster,
// its folder is as good as ours.
func (l *bundleLoader) install(temporary, dir string) error {
	if err := os.Chmod(temporary, 0o755); err != nil { //nolint:gosec // as the files in it
		return err
	}
	err := os.Rename(temporary, dir)
	if err == nil || l.complete(dir) {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) && !exists(dir) {
		return err
	}
	if err := os.RemoveAll(dir); err != nil { // half unpacked
		return err
	}
	return os.Rename(temporary, dir)
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// of names the bundle that an error is about, where the reference does not.
func (l *bundleLoader) of(p bundlePart, err error) error {
	if p.dir == "" {
		return err
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// publicKey checks signatures.
type publicKey rsa.PublicKey

// readPublicKey reads public_key_path; it returns nil when that is empty.
func readPublicKey(name string) (*publicKey, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no key is a state, not a mistake
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("public_key_path: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("public_key_path: %s is not a PEM file", name)
	}
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return (*publicKey)(key), nil
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("public_key_path: %s: %w", name, err)
	}
	if key, ok := key.(*rsa.PublicKey); ok {
		return (*publicKey)(key), nil
	}
	return nil, fmt.Errorf("public_key_path: %s holds no RSA key", name)
}

// verifyNew checks a bundle that has just been unpacked.
func (l *bundleLoader) verifyNew(dir string, m *manifest) error {
	if l.key != nil && m.Signature == "" {
		return errors.New("bundle isn't signed, and public_key_path is set")
	}
	return l.verify(dir, m)
}

// verifyExisting checks one that was there: only if it is signed.
func (l *bundleLoader) verifyExisting(dir string, m *manifest) error {
	if l.config.SkipVerifyExisting {
		return nil
	}
	if m.Signature == "" {
		if l.key != nil {
			l.warn(
				"the bundle in %s was unpacked earlier and is not signed: delete the folder to have it fetched and checked", dir,
			)
		}
		return nil
	}
	return l.verify(dir, m)
}

func (l *bundleLoader) verify(dir string, m *manifest) error {
	sum, digest, err := sums(dir, m.Files, 4*l.config.maxBytes())
	if err != nil {
		return err
	}
	if !strings.EqualFold(sum, m.Checksum) {
		return fmt.Errorf("manifest.json: the checksum of the files is %s, and the manifest says %q", sum, m.Checksum)
	}
	if l.key == nil {
		return nil
	}
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil {
		return fmt.Errorf("manifest.json: signature: %w", err)
	}
	if rsa.VerifyPKCS1v15((*rsa.PublicKey)(l.key), crypto.SHA256, digest, signature) != nil {
		return errors.New("manifest.json: the signature does not match the files")
	}
	return nil
}

// sums returns the hex md5 and the sha256 of the contents of all files, one
// after the other. A list may name a file twice, but not go on for ever.
func sums(dir string, files []string, limit int64) (string, []byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", nil, err
	}
	defer root.Close()
	short, long := md5.New(), sha256.New() //nolint:gosec // see the import
	for _, name := range files {
		n, err := copyFile(io.MultiWriter(short, long), root, relative(name))
		if err != nil {
			return "", nil, fmt.Errorf("manifest.json: file_list: %w", err)
		}
		if limit -= n; limit < 0 {
			return "", nil, errors.New("manifest.json: file_list: the files are too large together")
		}
	}
	return hex.EncodeToString(short.Sum(nil)), long.Sum(nil), nil
}

func copyFile(to io.Writer, root *os.Root, name string) (int64, error) {
	info, err := root.Stat(name)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(to, f)
}
