package abi_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestHeaderIsSearchedWithoutRegardToCase(t *testing.T) {
	h := header("Accept: 1", "X-Role: 2", "x-rOLE: 3", "X-Rolf: 4")
	if v, ok := h.Get([]byte("x-role")); string(v) != "2" || !ok {
		t.Errorf("Get() = %q, %v, want the first", v, ok)
	}
	if v, ok := h.Get([]byte("X-Rol")); v != nil || ok {
		t.Errorf("Get() of an absent name = %q, %v", v, ok)
	}
	var found []int
	for i := h.Index([]byte("X-ROLE"), 0); i >= 0; i = h.Index([]byte("X-ROLE"), i+1) {
		found = append(found, i)
	}
	if len(found) != 2 || found[0] != 1 || found[1] != 2 {
		t.Errorf("Index() found %v, want 1 and 2", found)
	}
	if i := h.Index([]byte("Accept"), len(h)); i != -1 {
		t.Errorf("Index() from the end = %d", i)
	}
	if _, ok := abi.Header(nil).Get([]byte("Accept")); ok {
		t.Error("Get() of no header found something")
	}
}

func TestMetaNamesKeepTheirCase(t *testing.T) {
	m := abi.Meta(header("a: 1", "A: 2"))
	if v, _ := m.Get([]byte("A")); string(v) != "2" {
		t.Errorf("Get(A) = %q, want 2", v)
	}
	if _, ok := m.Get([]byte("b")); ok {
		t.Error("Get(b) found something")
	}
}

func TestEqualFoldFoldsLettersOnly(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"Content-Type", "cONTENT-tYPE", true},
		{"a", "b", false},
		{"a", "aa", false},
		{"[", "{", false},
		{"@", "`", false},
		{"k", "\u212a", false}, // the Kelvin sign folds to k in Unicode
		{"\xc4", "\xe4", false},
	} {
		if got := abi.EqualFold([]byte(tt.a), []byte(tt.b)); got != tt.want {
			t.Errorf("EqualFold(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
