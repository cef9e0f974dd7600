package config

import (
	"strings"
	"unicode/utf8"
)

// didYouMean returns the hint for an unknown word: the closest known one, or
// what is known if nothing is close and the list is short.
func didYouMean(word string, known []string) string {
	if best := closest(word, known); best != "" {
		return "did you mean `" + best + "`?"
	}
	if len(known) == 0 || len(known) > 16 {
		return ""
	}
	return "known here: " + strings.Join(known, ", ")
}

// closest returns the known word that is the fewest typing errors away from
// word, or "" if all are further than a third of its length.
func closest(word string, known []string) string {
	n := utf8.RuneCountInString(word)
	best, least := "", min(n, max(1, n/3)+1)
	for _, k := range known {
		if d := typos(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// typos counts the inserted, missing, wrong and swapped letters between two
// words (optimal string alignment). Long words are not worth the time.
func typos(word, known string) int {
	a, b := []rune(word), []rune(known)
	if max(len(a), len(b)) > 64 {
		return max(len(a), len(b))
	}
	above, row, next := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		next[0] = i + 1
		for j := range b {
			wrong := 1
			if a[i] == b[j] {
				wrong = 0
			}
			next[j+1] = min(row[j]+wrong, row[j+1]+1, next[j]+1)
			if above != nil && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], above[j-1]+1)
			}
		}
		above, row, next = row, next, make([]int, len(b)+1)
	}
	return row[len(b)]
}
