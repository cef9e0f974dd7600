package jsvm

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/runtime/jsvm/syntax"
)

// pattern throws a SyntaxError if the first argument is a regular expression
// that is too long. It converts an object to a string once, because a second
// conversion may give another text.
func (g *guarded) pattern() {
	v := g.argument("0")
	if v.IsObject() && v.Class() != "RegExp" {
		v = text(g.text(v))
		g.replaceArgument("0", v)
	}
	if v.IsString() {
		if err := syntax.CheckPattern(v.String()); err != nil {
			panic(g.vm.MakeSyntaxError(err.Error()))
		}
	}
}

func (g *guarded) exec() {
	v := g.argument("0")
	if v.IsObject() {
		v = text(g.text(v))
		g.replaceArgument("0", v)
	}
	if v.IsString() && g.this.Class() == "RegExp" {
		_, groups := g.scan(g.this, v.String(), false)
		g.m.reserve(g.vm, groups*300)
	}
}

func (g *guarded) match() {
	g.pattern()
	v := g.argument("0")
	matches, groups := g.scan(v, g.text(g.this), isGlobal(v))
	g.spend(matches, 2500+100*groups, 300+16*groups)
}

func isGlobal(pattern otto.Value) bool {
	return pattern.Class() == "RegExp" && isTrue(pattern, "global")
}

func isTrue(o otto.Value, name string) bool {
	v, err := o.Object().Get(name)
	if err != nil {
		return false
	}
	is, _ := v.ToBoolean()
	return is
}

func (g *guarded) split() {
	units := g.units()
	if units < unchecked/8 {
		return
	}
	separator := g.argument("0")
	pieces := int64(1)
	switch {
	case separator.Class() == "RegExp":
		matches, groups := g.scan(separator, g.text(g.this), true)
		pieces += matches * groups
	case !separator.IsUndefined():
		s := g.text(separator)
		g.replaceArgument("0", s)
		pieces += int64(strings.Count(g.text(g.this), s))
	}
	g.spend(pieces, 1000, 300)
}

// replace bounds the text that replacing makes. Only if it may be too long are
// the replacements made one by one.
func (g *guarded) replace() {
	g.pattern()
	v, target := g.argument("0"), g.text(g.this)
	size := int64(len(target))
	matches, groups := int64(1), int64(1)
	if v.Class() == "RegExp" {
		matches, groups = g.scan(v, target, isGlobal(v))
	}
	g.spend(matches, 1500+100*groups, 48+16*groups)
	by := g.argument("1")
	if by.IsFunction() {
		if matches > 16 || g.m.large {
			g.replaceArgument("1", g.counted(by, size))
		}
		return
	}
	s := g.text(by)
	g.replaceArgument("1", s)
	if size+matches*(int64(len(s))+int64(strings.Count(s, "$"))*size) > unchecked {
		if expanded := size + matches*int64(len(s)); !strings.Contains(s, "$") {
			g.m.reserveString(g.vm, expanded)
			return
		}
		g.replaceArgument("1", g.counted(g.expander(s), size))
	}
}

// counted returns a function that calls f and counts the size of what it returns.
func (g *guarded) counted(f otto.Value, size int64) func(otto.FunctionCall) otto.Value {
	return func(call otto.FunctionCall) otto.Value {
		g.m.check(call.Otto)
		list := make([]any, len(call.ArgumentList))
		for i, v := range call.ArgumentList {
			list[i] = v
		}
		v, err := f.Call(otto.UndefinedValue(), list...)
		if err != nil {
			g.rethrow(&call, err)
		}
		s := g.text(v)
		if size += int64(len(s)); size > g.m.longest() {
			g.rangeError("invalid string length")
		}
		g.m.reserve(call.Otto, int64(len(s)))
		return text(s)
	}
}

var inReplacement = regexp.MustCompile("\\$(?:[\\$\\&\\'\\`1-9]|0[1-9]|[1-9][0-9])")

// expander returns a function that replaces a match as otto replaces it by a
// text.
func (g *guarded) expander(by string) otto.Value {
	f, err := g.vm.ToValue(func(call otto.FunctionCall) otto.Value {
		n := len(call.ArgumentList)
		whole := call.Argument(n - 1).String()
		at, _ := call.Argument(n - 2).ToInteger()
		match := call.Argument(0).String()
		start := byteOffset(whole, at)
		size := 0
		add := func(s string) string {
			if size += len(s); int64(size) > g.m.longest() {
				g.rangeError("invalid string length")
			}
			return s
		}
		return text(inReplacement.ReplaceAllStringFunc(by, func(part string) string {
			switch part[1] {
			case '$':
				return "$"
			case '&':
				return add(match)
			case '`':
				return add(whole[:start])
			case '\'':
				return add(whole[start+len(match):])
			}
			i, err := strconv.Atoi(part[1:])
			if err != nil || i >= n-2 || call.Argument(i).IsUndefined() {
				return ""
			}
			return add(call.Argument(i).String())
		}))
	})
	if err != nil {
		g.rethrow(&otto.FunctionCall{Otto: g.vm}, err)
	}
	return f
}

// byteOffset returns where a character begins.
func byteOffset(s string, character int64) int {
	for i := range s {
		if character == 0 {
			return i
		}
		character--
	}
	return len(s)
}

// repeats are the counts of a regular expression, which repeat their operand.
var repeats = regexp.MustCompile(`[{,](\d+)`)

// scan returns how often a pattern matches, or a number that is not less, and how
// many groups it has. Where matching may take long it matches by itself, looking
// at the deadline, before otto does it, which cannot be interrupted.
func (g *guarded) scan(pattern otto.Value, target string, all bool) (matches, groups int64) {
	source, flags := pattern.String(), ""
	if pattern.Class() == "RegExp" {
		v, err := pattern.Object().Get("source")
		if err != nil {
			return 0, 1
		}
		source = v.String()
		if isTrue(pattern, "ignoreCase") {
			flags = "i"
		}
		if isTrue(pattern, "multiline") {
			flags = "m" + flags
		}
	}
	groups = int64(strings.Count(source, "(")) + 1
	work := int64(len(target)) * int64(len(source)+1)
	for _, count := range repeats.FindAllStringSubmatch(source, -1) {
		n, _ := strconv.Atoi(count[1])
		work *= int64(min(max(n, 1), 1000))
	}
	matches = 1
	if all {
		matches = int64(len(target)) + 1
	}
	if work < 1<<18 && matches < unchecked {
		return matches, groups
	}
	source, err := parser.TransformRegExp(source)
	if err != nil {
		return matches, groups // otto will throw
	}
	if flags != "" {
		source = "(?" + flags + ":" + source + ")"
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return matches, groups
	}
	begun := time.Now()
	matches = g.countMatches(re, target, all)
	g.m.afford(g.vm, 2*int64(time.Since(begun)))
	return matches, groups
}

func (g *guarded) countMatches(re *regexp.Regexp, target string, all bool) (matches int64) {
	for at := 0; at <= len(target); {
		g.m.check(g.vm)
		place := re.FindReaderSubmatchIndex(&checkedReader{Reader: strings.NewReader(target[at:]), g: g})
		if place == nil {
			return matches
		}
		matches++
		if !all {
			return matches
		}
		at += max(place[1], 1)
	}
	return matches
}

// checkedReader looks at the deadline while a regular expression reads.
type checkedReader struct {
	*strings.Reader
	g    *guarded
	read int
}

// ReadRune implements io.RuneReader.
func (r *checkedReader) ReadRune() (rune, int, error) {
	if r.read++; r.read%256 == 0 {
		r.g.m.check(r.g.vm)
	}
	return r.Reader.ReadRune()
}
