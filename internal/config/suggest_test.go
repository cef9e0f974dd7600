package config

import (
	"strings"
	"testing"
)

func TestTypos(t *testing.T) {
	tests := []struct {
		word, known string
		want        int
	}{
		{"", "", 0},
		{"timeout", "timeout", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"timeuot", "timeout", 1}, // swapped
		{"timeot", "timeout", 1},  // missing
		{"timeeout", "timeout", 1},
		{"timeaut", "timeout", 1},
		{"kitten", "sitting", 3},
		{"größe", "grösse", 2},
	}
	for _, tt := range tests {
		if got := typos(tt.word, tt.known); got != tt.want {
			t.Errorf("typos(%q, %q) = %d, want %d", tt.word, tt.known, got, tt.want)
		}
	}
}

func TestClosest(t *testing.T) {
	known := []string{"source", "entry", "timeout", "pre", "post", "post_key_auth", "id"}
	tests := map[string]string{
		"souce":            "source",
		"SOURCE":           "source",
		"timout":           "timeout",
		"prre":             "pre",
		"post_keyauth":     "post_key_auth",
		"di":               "id",
		"x":                "", // everything is one letter away
		"sauerkraut":       "",
		"entries_of_plugs": "",
		"":                 "",
	}
	for word, want := range tests {
		if got := closest(word, known); got != want {
			t.Errorf("closest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := closest(strings.Repeat("a", 1000), known); got != "" {
		t.Errorf("closest(long) = %q, want nothing", got)
	}
}

func TestDidYouMeanListsWhatIsKnown(t *testing.T) {
	if got, want := didYouMean("sauerkraut", []string{"cert", "key"}), "known here: cert, key"; got != want {
		t.Errorf("didYouMean() = %q, want %q", got, want)
	}
	if got, want := didYouMean("kye", []string{"cert", "key"}), "did you mean `key`?"; got != want {
		t.Errorf("didYouMean() = %q, want %q", got, want)
	}
}
