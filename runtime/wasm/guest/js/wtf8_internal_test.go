package js

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

func FuzzBytesComeBack(f *testing.F) {
	for _, s := range []string{"", "text", "é\x00", "\xff", "\xed\xb3\xbf", "a\xc3", "\xed", "\xed\xa0", "\xf0\x9f\x98"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		escaped := escape(nil, b)
		if utf8.Valid(b) && !bytes.Equal(escaped, b) {
			t.Errorf("escape(%q) = %q, want it as it is", b, escaped)
		}
		if got := unescape(escaped); !bytes.Equal(got, b) {
			t.Errorf("unescape(escape(%q)) = %q", b, got)
		}
	})
}

func FuzzWhatScriptsReturnIsRead(f *testing.F) {
	for _, s := range []string{"\xed\xa0\x80", "\xed\xb2\x7f", "\xed\xb0\x80x", "\xed\xb2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := unescape(b); len(got) > len(b) {
			t.Errorf("unescape(%q) = %q, which is longer", b, got)
		}
	})
}

func TestSurrogatesOfAScriptBecomeTheReplacement(t *testing.T) {
	if got := string(unescape([]byte("a\xed\xa0\x80b"))); got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
}
