package object_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// FuzzRedirect takes apart whatever a plugin may redirect to: what comes out
// is fit for a request line and has nothing in it that was meant for us.
func FuzzRedirect(f *testing.F) {
	f.Add("tyk://self/a%2Fb?x=1&method=PUT&loop_limit=7&check_limits=true")
	f.Add("tyk://a%20b?metho%64=GET&&%zz=1&loop_limit=-9999999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok, err := object.ParseRedirect([]byte(text))
		if !ok || err != nil {
			return
		}
		var x abi.Exchange
		if err := x.SetURI(r.URI); err != nil || r.Limit < 0 {
			t.Fatalf("%q is %+v: %v", text, r, err)
		}
		if err := x.Redirect(r); err != nil && !errors.Is(err, abi.ErrMethod) {
			t.Fatalf("%q is %+v: %v", text, r, err)
		}
		_, query, _ := strings.Cut(string(r.URI), "?")
		for pair := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if name, err := url.QueryUnescape(name); err == nil && (name == "method" || name == "loop_limit" || name == "check_limits") {
				t.Fatalf("%q leaves %q", text, r.URI)
			}
		}
	})
}
