package bundle

import (
	"crypto"
	"crypto/md5" //nolint:gosec // the checksum of the format; the signature is over sha256
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

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
