package jsvm

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/robertkrimen/otto"
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
	{"String.prototype", "slice", characters(true)},
	{"String.prototype", "substring", characters(false)},
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
	if v.Class() == "String" {
		g.spend(g.count(v), 1500, 200)
		return
	}
	g.spend(int64(len(v.Object().Keys())), 1500, 200)
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

// position converts an index in bytes to one in UTF-16, as scripts count.
func position(s, index otto.Value) otto.Value {
	n, err := index.ToInteger()
	whole, failed := s.ToString()
	if err != nil || failed != nil || n <= 0 || n > int64(len(whole)) {
		return index
	}
	v, _ := otto.ToValue(utf16Length(whole[:n])) // cannot fail for a number
	return v
}

func utf16Length(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// characters checks slice and substring. Otto counts characters where scripts
// count in UTF-16, so it converts positions behind characters of two units. A
// position between the two units becomes the one before them. A negative position
// counts from the end for slice, and is 0 for substring.
func characters(fromEnd bool) func(*guarded) {
	return func(g *guarded) {
		if units := g.units(); units >= unchecked {
			g.m.reserve(g.vm, units)
		}
		s := g.text(g.this)
		if strings.IndexFunc(s, func(r rune) bool { return r > 0xffff }) < 0 {
			return
		}
		for _, name := range []string{"0", "1"} {
			v := g.argument(name)
			n, err := v.ToInteger()
			if err != nil || v.IsUndefined() {
				continue
			}
			if n < 0 && fromEnd {
				n += int64(utf16Length(s))
			}
			g.replaceArgument(name, characterAt(s, max(n, 0)))
		}
	}
}

// characterAt returns the index of the character at a position in UTF-16.
func characterAt(s string, at int64) (n int64) {
	for _, r := range s {
		if at -= int64(utf16.RuneLen(r)); at < 0 {
			break
		}
		n++
	}
	return n
}
