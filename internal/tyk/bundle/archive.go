package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// unpack writes the entries of a zip file into dir, which it makes. Names are
// checked first, and the files are written through an [os.Root] besides.
func (l *bundleLoader) unpack(data []byte, dir string) error {
	files, err := l.entries(data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := l.config.maxBytes()
	for _, f := range files {
		n, err := extract(root, f, left)
		if err != nil {
			return fmt.Errorf("entry %q: %w", f.Name, err)
		}
		if left -= n; left < 0 {
			return fmt.Errorf("its files are larger than %d bytes together", l.config.maxBytes())
		}
	}
	return nil
}

// entries lists the zip file and checks every name in it.
func (l *bundleLoader) entries(data []byte) ([]*zip.File, error) {
	// The reader makes a record for each header it finds, and it would find
	// more than a million in the largest file.
	if n := bytes.Count(data, []byte("PK\x01\x02")); n > 4*l.config.maxEntries() {
		return nil, l.tooMany()
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("not a zip file: %w", err)
	}
	if len(r.File) > l.config.maxEntries() {
		return nil, l.tooMany()
	}
	seen := make(map[string]bool)
	for _, f := range r.File {
		if err := checkEntry(f, seen); err != nil {
			return nil, fmt.Errorf("entry %q: %w", f.Name, err)
		}
	}
	return r.File, nil
}

func (l *bundleLoader) tooMany() error {
	return fmt.Errorf("it has more than %d entries", l.config.maxEntries())
}

func checkEntry(f *zip.File, seen map[string]bool) error {
	name := f.Name
	switch {
	case name == "" || strings.ContainsAny(name, "\\:\x00"):
		return errors.New("the name is empty or has a backslash, a colon or a NUL in it")
	case strings.HasPrefix(name, "/"):
		return errors.New("the name is absolute")
	case hasDotDot(name):
		return errors.New("the name has .. in it")
	case !f.Mode().IsRegular() && !f.Mode().IsDir():
		return errors.New("it is neither a file nor a folder")
	}
	clean := path.Clean(name)
	if seen[clean] && !f.Mode().IsDir() {
		return errors.New("it is there twice")
	}
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return errors.New("the name leaves the folder")
	}
	seen[clean] = true
	return nil
}

func hasDotDot(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element == ".." {
			return true
		}
	}
	return false
}

// extract writes one entry and returns how many bytes it has written: at most
// one more than left. What the zip file says of its sizes is not believed.
func extract(root *os.Root, f *zip.File, left int64) (int64, error) {
	name := path.Clean(f.Name)
	if f.Mode().IsDir() {
		return 0, root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return 0, err
	}
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return 0, errors.New("it is there twice, once as a folder")
	}
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, left+1))
	return n, errors.Join(err, out.Close())
}

const (
	tries      = 5
	tryTime    = 5 * time.Second
	firstPause = 500 * time.Millisecond
	longPause  = 5 * time.Second
)

// fetch returns the zip file of a bundle.
func (l *bundleLoader) fetch(ctx context.Context, name string) ([]byte, error) {
	if l.config.BaseURL == "" {
		return l.local(name)
	}
	if !l.config.Download {
		return nil, errors.New("it is not unpacked yet, and enable_bundle_downloader is off")
	}
	u, err := url.Parse(l.config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("bundle_base_url: %w", err)
	}
	switch u.Scheme {
	case "http", "https":
		u.Path, u.RawPath = path.Join("/", u.Path, name), ""
		return l.download(ctx, u)
	case "file":
		return l.open(filepath.Join(filepath.FromSlash(u.Path), filepath.FromSlash(name)))
	}
	return nil, fmt.Errorf("bundle_base_url %q: the scheme must be http, https or file", l.config.BaseURL)
}

// local reads a bundle of the local folder, where its name may be without the
// extension.
func (l *bundleLoader) local(name string) ([]byte, error) {
	if l.config.Local == "" {
		return nil, errors.New("it is not unpacked yet, and bundle_base_url is empty")
	}
	file := filepath.Join(l.config.Local, filepath.FromSlash(name))
	if !strings.HasSuffix(name, ".zip") {
		file += ".zip"
	}
	data, err := l.open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s, and bundle_base_url is empty", file)
	}
	return data, err
}

func (l *bundleLoader) open(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return l.capped(f, file)
}

// capped reads all of r, which must not be larger than a bundle may be.
func (l *bundleLoader) capped(r io.Reader, from string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, l.config.maxBytes()+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", from, err)
	case int64(len(data)) > l.config.maxBytes():
		return nil, &tooLarge{fmt.Sprintf("%s is larger than %d bytes", from, l.config.maxBytes())}
	}
	return data, nil
}

// tooLarge is an error that another try does not cure.
type tooLarge struct{ message string }

// Error implements error.
func (e *tooLarge) Error() string { return e.message }

// download tries to get a URL until it answers 200, with longer and longer
// pauses in between.
func (l *bundleLoader) download(ctx context.Context, u *url.URL) ([]byte, error) {
	client, done := l.client()
	defer done()
	pause := firstPause
	for try := 1; ; try++ {
		data, err := l.get(ctx, client, u)
		if _, final := errors.AsType[*tooLarge](err); err == nil || final {
			return data, err
		}
		if try == tries {
			return nil, fmt.Errorf("no luck in %d tries: %w", tries, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		pause = min(2*pause, longPause)
	}
}

func (l *bundleLoader) get(ctx context.Context, client *http.Client, u *url.URL) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	reply, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", u.Redacted(), reply.Status)
	}
	return l.capped(reply.Body, u.Redacted())
}

// client returns a client and what is to be called when it has done its work.
func (l *bundleLoader) client() (*http.Client, func()) {
	if t := l.config.Transport; t != nil {
		return &http.Client{Transport: t}, func() {}
	}
	t := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: l.config.Insecure}, //nolint:gosec // the operator asks for it
	}
	return &http.Client{Transport: t}, t.CloseIdleConnections
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
