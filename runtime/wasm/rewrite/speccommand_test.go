package rewrite_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// specCommand is one command of a script in the format of wast2json.
type specCommand struct {
	Type       string
	Line       int
	Name       string
	Filename   string
	As         string
	ModuleType string `json:"module_type"`
	Text       string
	Action     specAction
	Expected   []specValue
}

// id names the module of a command in the log.
func (c specCommand) id(script string) string {
	return fmt.Sprintf("%s:%d (%s)", script, c.Line, c.Filename)
}

type specAction struct {
	Type   string
	Module string
	Field  string
	Args   []specValue
}

// specValue is a constant or a pattern of a script.
type specValue struct {
	Type     string
	LaneType string `json:"lane_type"`
	Value    any
}

// specResult is what an action came to.
type specResult struct {
	values []uint64
	err    error
}

func (g *guest) act(ctx context.Context, a specAction) specResult {
	if a.Type == "get" {
		return specResult{values: []uint64{g.ExportedGlobal(a.Field).Get()}}
	}
	fn := g.ExportedFunction(a.Field)
	if fn == nil {
		return specResult{err: errors.New("no such function")}
	}
	var args []uint64
	for _, v := range a.Args {
		args = append(args, v.words()...)
	}
	values, err := fn.Call(ctx, args...)
	return specResult{values: values, err: err}
}

// words encodes a constant the way the engine passes it.
func (v specValue) words() []uint64 {
	lanes, width := v.lanes()
	words := make([]uint64, max(1, len(lanes)*width/64))
	for i, lane := range lanes {
		bit := i * width
		words[bit/64] |= parseBits(v.Type, lane) << (bit % 64)
	}
	return words
}

// lanes splits a value into its texts and the bits each takes.
func (v specValue) lanes() ([]string, int) {
	if list, ok := v.Value.([]any); ok {
		texts := make([]string, len(list))
		for i, item := range list {
			texts[i] = item.(string)
		}
		return texts, 128 / len(list)
	}
	text, _ := v.Value.(string)
	width := 64
	if strings.HasSuffix(v.Type, "32") {
		width = 32
	}
	return []string{text}, width
}

// parseBits reads a number. The engine takes an externref of 0 for null, so
// references count from one.
func parseBits(typ, text string) uint64 {
	if text == "null" || text == "" {
		return 0
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n < 0 {
		if strings.HasSuffix(typ, "32") {
			return uint64(uint32(n))
		}
		return uint64(n)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		panic("script: number " + strconv.Quote(text))
	}
	if typ == "externref" {
		n++
	}
	return n
}

// matches compares the results of an action with what the script expects.
func (c specCommand) matches(r specResult) bool {
	words := r.values
	for _, v := range c.Expected {
		lanes, width := v.lanes()
		n := max(1, len(lanes)*width/64)
		if len(words) < n || !v.matches(words[:n], lanes, width) {
			return false
		}
		words = words[n:]
	}
	return len(words) == 0
}

func (v specValue) matches(words []uint64, lanes []string, width int) bool {
	if v.Value == nil && strings.HasSuffix(v.Type, "ref") {
		return true // any reference
	}
	typ := v.Type
	if v.LaneType != "" {
		typ = v.LaneType
	}
	for i, text := range lanes {
		bit := i * width
		got := words[bit/64] >> (bit % 64)
		if width < 64 {
			got &= 1<<width - 1
		}
		if !matchesBits(typ, text, got) {
			return false
		}
	}
	return true
}

// matchesBits compares one number. A canonical NaN has only the top bit of its
// payload set, an arithmetic one at least that.
func matchesBits(typ, text string, got uint64) bool {
	if !strings.HasPrefix(text, "nan") {
		return got == parseBits(typ, text)
	}
	sign, nan := uint64(1)<<31, uint64(0x7fc00000)
	if typ == "f64" {
		sign, nan = 1<<63, 0x7ff8000000000000
	}
	if text == "nan:canonical" {
		return got&^sign == nan
	}
	return got&nan == nan
}
