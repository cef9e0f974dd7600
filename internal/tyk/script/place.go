package script

import (
	"slices"
	"sort"
	"strings"
)

// places turns offsets into lines and columns, which count from 1.
type places struct{ lines []int }

func newPlaces(source string) *places {
	p := &places{lines: []int{0}}
	for at := 0; ; {
		i := strings.IndexByte(source[at:], '\n')
		if i < 0 {
			return p
		}
		at += i + 1
		p.lines = append(p.lines, at)
	}
}

func (p *places) of(at int) (line, column int) {
	line = sort.SearchInts(p.lines, at+1)
	return line, at - p.lines[line-1] + 1
}

func (p *places) line(at int) int {
	line, _ := p.of(at)
	return line
}

// insert adds a line to a sorted list that has each line once.
func insert(lines []int, line int) []int {
	i, ok := slices.BinarySearch(lines, line)
	if ok || len(lines) >= maxLines {
		return lines
	}
	return slices.Insert(lines, i, line)
}
