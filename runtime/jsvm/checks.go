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

// natives lists the functions of otto whose cost depends on a length or a count.
// The constructor RegExp and the functions without a holder are global.
var natives = []native{
	{"", "RegExp", (*guarded).pattern},
	{"", "escape", encodes},
	{"", "unescape", encodes},
	{"", "encodeURI", encodes},
	{"", "encodeURIComponent", encodes},
	{"", "decodeURI", encodes},
	{"", "decodeURIComponent", encodes},

	{"Array.prototype", "join", (*guarded).join},
	{"Array.prototype", "toLocaleString", (*guarded).join},
	{"Array.prototype", "concat", (*guarded).concatArrays},
	{"Array.prototype", "slice", elements(2500, 300)},
	{"Array.prototype", "splice", elements(3500, 300)},
	{"Array.prototype", "shift", elements(1500, 0)},
	{"Array.prototype", "unshift", elements(1500, 0)},
	{"Array.prototype", "reverse", elements(1500, 0)},
	{"Array.prototype", "sort", (*guarded).sort},
	{"Array.prototype", "indexOf", elements(700, 0)},
	{"Array.prototype", "lastIndexOf", elements(700, 0)},
	{"Array.prototype", "every", elements(700, 0)},
	{"Array.prototype", "some", elements(700, 0)},
	{"Array.prototype", "forEach", elements(700, 0)},
	{"Array.prototype", "map", elements(3000, 300)},
	{"Array.prototype", "filter", elements(1000, 100)},
	{"Array.prototype", "reduce", elements(700, 0)},
	{"Array.prototype", "reduceRight", elements(700, 0)},

	{"String.prototype", "match", (*guarded).match},
	{"String.prototype", "search", (*guarded).match},
	{"String.prototype", "replace", (*guarded).replace},
	{"String.prototype", "split", (*guarded).split},
	{"String.prototype", "concat", (*guarded).concatStrings},
	{"String.prototype", "slice", textTimes(1)},
	{"String.prototype", "substring", textTimes(1)},
	{"String.prototype", "substr", textTimes(1)},
	{"String.prototype", "toLowerCase", textTimes(3)},
	{"String.prototype", "toUpperCase", textTimes(3)},
	{"String.prototype", "toLocaleLowerCase", textTimes(3)},
	{"String.prototype", "toLocaleUpperCase", textTimes(3)},
	{"RegExp.prototype", "exec", (*guarded).exec},
	{"RegExp.prototype", "test", (*guarded).exec},

	{"Number.prototype", "toExponential", (*guarded).digits},
	{"Number.prototype", "toPrecision", (*guarded).digits},

	{"Object", "keys", (*guarded).keys},
	{"Object", "values", (*guarded).keys},
	{"Object", "getOwnPropertyNames", (*guarded).keys},
	{"Object", "freeze", (*guarded).keys},
	{"Object", "seal", (*guarded).keys},
	{"Object", "isFrozen", (*guarded).keys},
	{"Object", "isSealed", (*guarded).keys},
	{"Object", "defineProperty", (*guarded).define},
	{"Object", "defineProperties", (*guarded).define},

	{"Function.prototype", "apply", (*guarded).apply},
}

func (g *guarded) rangeError(message string) { panic(g.vm.MakeRangeError(message)) }

// argument returns an argument of the call, undefined if there is none.
func (g *guarded) argument(name string) otto.Value {
	v, err := g.args.Get(name)
	if err != nil {
		return otto.UndefinedValue()
	}
	return v
}

// text converts a value to a string, as the function will do itself.
func (g *guarded) text(v otto.Value) string {
	s, err := v.ToString()
	if err != nil {
		g.rethrow(&otto.FunctionCall{Otto: g.vm}, err)
	}
	return s
}

// lengthOf returns the length of an array or of an object that is like one.
func (g *guarded) lengthOf(v otto.Value) int64 {
	if !v.IsObject() {
		return 0
	}
	length, err := v.Object().Get("length")
	if err != nil {
		g.rethrow(&otto.FunctionCall{Otto: g.vm}, err)
	}
	n, err := length.ToInteger()
	if err != nil {
		return 0 // the function itself will throw the same
	}
	return int64(uint32(n))
}

// count returns the length and throws a RangeError if it is too long. Otto
// encodes a string again for every character of it that is read, unless it is
// ASCII.
func (g *guarded) count(v otto.Value) int64 {
	n := g.lengthOf(v)
	if n > maxElements || n > unchecked && v.Class() == "String" && !isASCII(g.text(v)) {
		g.rangeError("invalid array length: " + strconv.FormatInt(n, 10) + " elements are too many")
	}
	return n
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 }

// elements checks a function that takes so many nanoseconds, and makes so many
// bytes, for each element.
func elements(nanoseconds, bytes int64) func(*guarded) {
	return func(g *guarded) { g.spend(g.count(g.this), nanoseconds, bytes) }
}

func (g *guarded) spend(n, nanoseconds, bytes int64) {
	g.m.afford(g.vm, n*nanoseconds)
	g.m.reserve(g.vm, n*bytes)
}

// join bounds the text that the elements make together. Elements that are
// objects have their own joins, each of which is bounded.
func (g *guarded) join() {
	n := g.count(g.this)
	g.spend(n, 500, 32)
	separator := int64(1)
	if v := g.argument("0"); v.IsString() {
		separator = int64(len(v.String()))
	}
	size := n * separator
	if n > unchecked || g.m.large {
		for i := range n {
			if v, err := g.this.Object().Get(strconv.FormatInt(i, 10)); err == nil && v.IsString() {
				size += int64(len(v.String()))
			}
			if i%unchecked == 0 {
				g.m.check(g.vm)
			}
		}
	}
	g.m.reserveString(g.vm, size)
}

func (g *guarded) concatArrays() {
	n := int64(1)
	if g.this.Class() == "Array" {
		n = g.count(g.this)
	}
	for i := range g.lengthOf(g.args.Value()) {
		if v := g.argument(strconv.FormatInt(i, 10)); v.Class() == "Array" {
			n += g.count(v)
		}
	}
	if n > maxElements {
		g.rangeError("invalid array length")
	}
	g.spend(n, 2500, 300)
}

// sort hands otto a comparison that looks at the deadline, since its sorting
// takes quadratic time for some arrays.
func (g *guarded) sort() {
	n := g.count(g.this)
	g.spend(n, 3000, 0)
	compare := g.argument("0")
	if n <= 512 || !compare.IsUndefined() && !compare.IsFunction() {
		return
	}
	g.replaceArgument("0", func(call otto.FunctionCall) otto.Value {
		g.m.check(call.Otto)
		if !compare.IsUndefined() {
			v, err := compare.Call(otto.UndefinedValue(), call.Argument(0), call.Argument(1))
			if err != nil {
				g.rethrow(&call, err)
			}
			return v
		}
		v, _ := otto.ToValue(strings.Compare(g.text(call.Argument(0)), g.text(call.Argument(1)))) // cannot fail for a number
		return v
	})
}

func (g *guarded) replaceArgument(name string, value any) {
	if err := g.args.Set(name, value); err != nil {
		g.rethrow(&otto.FunctionCall{Otto: g.vm}, err)
	}
}

// units is the length of the string that a method is called on. It is the number
// of bytes at most for a string that is ASCII.
func (g *guarded) units() int64 {
	if g.this.Class() == "String" {
		return g.lengthOf(g.this)
	}
	return int64(len(g.text(g.this)))
}

// textTimes checks a function whose result is at most so many times as long as
// its string.
func textTimes(n int64) func(*guarded) {
	return func(g *guarded) {
		if units := g.units(); units >= unchecked/n {
			g.m.reserve(g.vm, units*n)
		}
	}
}

// encodes checks a function that makes up to nine bytes of a character.
func encodes(g *guarded) {
	if v := g.argument("0"); v.IsString() && len(v.String()) > unchecked {
		g.m.reserveString(g.vm, 9*int64(len(v.String())))
	}
}

func (g *guarded) concatStrings() {
	size := g.units()
	for i := range g.lengthOf(g.args.Value()) {
		name := strconv.FormatInt(i, 10)
		v := g.argument(name)
		if v.IsObject() {
			v = text(g.text(v))
			g.replaceArgument(name, v)
		}
		size += int64(len(v.String()))
	}
	g.m.reserveString(g.vm, size)
}

func (g *guarded) digits() {
	if n, err := g.argument("0").ToInteger(); err == nil && n > 1000 {
		g.rangeError("too many digits")
	}
}

func (g *guarded) keys() {
	v := g.argument("0")
	if !v.IsObject() {
		return
	}
	n := int64(0)
	if v.Class() == "String" {
		n = g.count(v)
	} else {
		n = int64(len(v.Object().Keys()))
	}
	g.spend(n, 1500, 200)
}

// define keeps the length of a sparse array from being reduced: otto deletes one
// element after the other, even those that are not there.
func (g *guarded) define() { g.writable(g.argument("0")) }

func (g *guarded) writable(v otto.Value) {
	if v.Class() == "Array" && g.lengthOf(v) > maxElements {
		g.rangeError("invalid array length: an array with more than 1048576 elements cannot be changed")
	}
}

func (g *guarded) apply() {
	n := g.lengthOf(g.argument("1"))
	if n > 1<<17 {
		g.rangeError("too many arguments")
	}
	g.spend(n, 2500, 300)
}

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
	if pattern.Class() != "RegExp" {
		return false
	}
	global, err := pattern.Object().Get("global")
	if err != nil {
		return false
	}
	is, _ := global.ToBoolean()
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
		for name, flag := range map[string]string{"ignoreCase": "i", "multiline": "m"} {
			if v, err := pattern.Object().Get(name); err == nil {
				if is, _ := v.ToBoolean(); is {
					flags += flag
				}
			}
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
