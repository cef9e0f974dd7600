package bundle_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
)

func TestBundleIsDownloadedFromBelowTheBaseURL(t *testing.T) {
	zip := bundleOf(t, manifest{Section: hooks("a.js")}, nil, entry{name: "a.js", text: "1"})
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/base/sub/a.zip" && r.URL.RawQuery == "token=x" {
			w.Write(zip)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	c := bundle.Config{Root: t.TempDir(), BaseURL: server.URL + "/base?token=x", Download: true, Insecure: true}
	if _, err := bundle.Load(t.Context(), c, "sub/a.zip"); err != nil {
		t.Error(err)
	}
}

func TestCertificateIsCheckedUnlessSkipped(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	attempts := 0
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	spy := transport(func(r *http.Request) (*http.Response, error) {
		attempts++
		cancel() // one try is enough
		return base.RoundTrip(r)
	})
	c := bundle.Config{Root: t.TempDir(), BaseURL: server.URL, Download: true, Transport: spy}
	if _, err := bundle.Load(ctx, c, "a.zip"); err == nil || attempts != 1 {
		t.Errorf("Load() = %v after %d tries", err, attempts)
	}
}

func TestBundleIsReadFromAFileURL(t *testing.T) {
	zip := bundleOf(t, manifest{}, nil)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.zip"), zip)
	c := bundle.Config{Root: t.TempDir(), BaseURL: "file://" + filepath.ToSlash(dir), Download: true}
	if _, err := bundle.Load(t.Context(), c, "a.zip"); err != nil {
		t.Error(err)
	}
	_, err := bundle.Load(t.Context(), c, "b.zip")
	wantError(t, err, "b.zip")
}

func TestUnknownSchemeIsRefused(t *testing.T) {
	for _, base := range []string{"ftp://x/", "bundles", "http://[::1"} {
		c := bundle.Config{Root: t.TempDir(), BaseURL: base, Download: true}
		_, err := bundle.Load(t.Context(), c, "a.zip")
		wantError(t, err, "bundle_base_url")
	}
}

func TestFailedTryIsRepeatedWithLongerAndLongerPauses(t *testing.T) {
	zip := bundleOf(t, manifest{}, nil)
	for _, test := range []struct {
		name  string
		good  int // the try that succeeds
		took  time.Duration
		part  string
		tries int
	}{
		{"first", 1, 0, "", 1},
		{"second", 2, 500 * time.Millisecond, "", 2},
		{"fifth", 5, 7500 * time.Millisecond, "", 5},
		{"none", 6, 7500 * time.Millisecond, "5 tries", 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				c := bundle.Config{Root: root, BaseURL: "http://bundles.test", Download: true, Transport: transport(func(*http.Request) (*http.Response, error) {
					n++
					switch {
					case n == test.good:
						return answer(http.StatusOK, zip), nil
					case n%2 == 0:
						return answer(http.StatusNoContent, zip), nil // only 200 counts
					}
					return nil, errors.New("refused")
				})}
				start := time.Now()
				_, err := bundle.Load(t.Context(), c, "a.zip")
				if took := time.Since(start); took != test.took || n != test.tries {
					t.Errorf("%d tries in %v, want %d in %v", n, took, test.tries, test.took)
				}
				if test.part == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				wantError(t, err, test.part)
				wantNothingLeft(t, c)
			})
		})
	}
}

func TestServerThatNeverAnswersIsGivenFiveSecondsATry(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := bundle.Config{Root: root, BaseURL: "http://bundles.test", Download: true, Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		start := time.Now()
		_, err := bundle.Load(t.Context(), c, "a.zip")
		wantError(t, err, "5 tries")
		if took := time.Since(start); took != 5*5*time.Second+7500*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestLoadEndsWithItsContext(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
		defer cancel()
		c := bundle.Config{Root: root, BaseURL: "http://bundles.test", Download: true, Transport: transport(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusBadGateway, nil), nil
		})}
		_, err := bundle.Load(ctx, c, "a.zip")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Load() = %v", err)
		}
	})
}

func TestDownloadThatIsTooLargeIsNotTriedAgain(t *testing.T) {
	n := 0
	c := bundle.Config{Root: t.TempDir(), BaseURL: "http://bundles.test", Download: true, MaxBytes: 10, Transport: transport(func(*http.Request) (*http.Response, error) {
		n++
		return answer(http.StatusOK, make([]byte, 11)), nil
	})}
	_, err := bundle.Load(t.Context(), c, "a.zip")
	wantError(t, err, "larger than 10 bytes")
	if n != 1 {
		t.Errorf("%d tries", n)
	}
}
