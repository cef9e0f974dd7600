package bundle

import (
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
