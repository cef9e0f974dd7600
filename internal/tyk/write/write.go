// Package write turns decisions into the text of a configuration: structs,
// maps, lists and scalars, in the order of their fields and with comments.
//
// It exists beside the YAML library because of two things that its encoder
// does not do: comments that stay where they are put, and text that the
// configuration reads back as it was, dollar signs included, which stand for
// the environment there.
package write

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// mapping is a mapping in the order in which it is written.
type mapping struct {
	entries []mappingEntry
	apart   bool // in a list, it begins on the line after its dash
}

type mappingEntry struct {
	comment string
	key     string
	value   any
}

// yamlList is a list of values with a line for each; flow is one on one line; raw
// is text as it is.
type (
	yamlList []any
	flow     []string
	raw      string
)

// add appends a key, unless its value is a nil or empty collection.
func (m *mapping) add(comment, key string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case *mapping:
		if len(v.entries) == 0 {
			return
		}
	case yamlList:
		if len(v) == 0 {
			return
		}
	case flow:
		if len(v) == 0 {
			return
		}
	}
	m.entries = append(m.entries, mappingEntry{comment, key, value})
}

// append writes the entries, each on a line of its own.
func (m *mapping) append(b []byte, depth int) []byte {
	for i, e := range m.entries {
		b = appendComment(b, e.comment, depth)
		b = indent(b, depth)
		b = appendText(b, e.key, false)
		b = append(b, ':')
		b = appendValue(b, e.value, depth)
		if depth == 0 && i+1 < len(m.entries) && block(e.value) {
			b = append(b, '\n')
		}
	}
	return b
}

// block reports whether a value takes lines of its own.
func block(value any) bool {
	switch value.(type) {
	case *mapping, yamlList:
		return true
	}
	return false
}

func appendComment(b []byte, text string, depth int) []byte {
	if text == "" {
		return b
	}
	for line := range strings.Lines(printable(text)) {
		b = append(indent(b, depth), "# "...)
		b = append(b, strings.TrimRight(line, "\n")...)
		b = append(b, '\n')
	}
	return b
}

// printable replaces what must not stand in a comment.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r >= ' ' && strconv.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

func indent(b []byte, depth int) []byte { return append(b, strings.Repeat("  ", depth)...) }

// appendValue writes what comes after "key:" or "-", line end included.
func appendValue(b []byte, value any, depth int) []byte {
	switch v := value.(type) {
	case *mapping:
		return v.append(append(b, '\n'), depth+1)
	case yamlList:
		return v.append(append(b, '\n'), depth+1)
	}
	b = append(b, ' ')
	return append(appendScalar(b, value), '\n')
}

// append writes the items. The first key of a mapping follows its dash.
func (l yamlList) append(b []byte, depth int) []byte {
	for _, item := range l {
		if m, ok := item.(*mapping); ok && !m.apart {
			b = m.appendItem(b, depth)
			continue
		}
		b = append(indent(b, depth), '-')
		b = appendValue(b, item, depth)
	}
	return b
}

func (m *mapping) appendItem(b []byte, depth int) []byte {
	first := m.entries[0]
	b = appendComment(b, first.comment, depth)
	start := len(b)
	first.comment = ""
	rest := &mapping{entries: append([]mappingEntry{first}, m.entries[1:]...)}
	b = rest.append(b, depth+1)
	b[start+2*depth] = '-'
	return b
}

func appendScalar(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendText(b, v, true)
	case EnvTemplate:
		return appendText(b, string(v), false)
	case raw:
		return append(b, v...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case flow:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendText(b, s, true)
		}
		return append(b, ']')
	}
	panic("write: no way to write a value of this type")
}

// number returns a JSON number so that YAML takes it for one: an exponent needs
// a point before it there.
func number(text string) raw {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return raw(text)
	}
	mantissa, exponent := text[:i], text[i+1:]
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if exponent[0] != '-' && exponent[0] != '+' {
		exponent = "+" + exponent
	}
	return raw(mantissa + "e" + exponent)
}

// plain matches text that YAML takes for a string without quotes.
var plain = regexp.MustCompile(`^([A-Za-z_/]|\.\.?/)([A-Za-z0-9_./@+-]|:[/0-9])*( [A-Za-z0-9_./@+(-][A-Za-z0-9_./@+()-]*)*$`)

// measure matches durations and sizes.
var measure = regexp.MustCompile(`^([0-9]+h)?([0-9]+m)?[0-9]+s$|^[0-9]+[KMG]iB$`)

// words are those that YAML, or a version of it, takes for something else.
var words = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n|\.nan|[.+-]*\.inf)$`)

// appendText writes a string. In values, not in keys, a dollar sign is
// doubled, so that it stands for itself.
func appendText(b []byte, s string, value bool) []byte {
	if value {
		s = strings.ReplaceAll(s, "$", "$$")
	}
	if plain.MatchString(s) && !words.MatchString(s) || measure.MatchString(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for _, r := range s {
		b = appendRune(b, r)
	}
	return append(b, '"')
}

func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\t':
		return append(b, `\t`...)
	case r == '\r':
		return append(b, `\r`...)
	case r < 0x80 && (r < ' ' || r == 0x7f):
		return append(b, `\x`+string("0123456789ABCDEF"[r>>4])+string("0123456789ABCDEF"[r&15])...)
	case strconv.IsPrint(r):
		return append(b, string(r)...)
	case r > 0xffff:
		return append(b, `\U`+hex(r, 8)...)
	}
	return append(b, `\u`+hex(r, 4)...)
}

func hex(r rune, digits int) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", max(0, digits-len(s))) + s
}

// Comment is text for the reader. In a struct it stands before the key of the
// next field; in an item of a list with the option keyed, before the item.
type Comment string

// OneOrMore is a list that is written as text where it has one item.
type OneOrMore []string

// EnvTemplate is text in which a dollar sign stands for the environment, as in
// ${NAME}. In any other text it stands for itself.
type EnvTemplate string

// YAML returns the text of a struct, or of a pointer to one.
//
// A field is written if it has a yaml tag, which is its key and may have
// options: omitempty leaves the zero value out; keyed, for a slice of structs,
// writes a mapping, whose keys are the fields with the option key. Nil pointers
// and collections with nothing in them are always left out. The fields are
// strings, booleans, integers, durations, structs, maps from strings, slices,
// documents, and pointers and interfaces to any of them; others cause a panic.
func YAML(v any) []byte {
	return structure(reflect.Indirect(reflect.ValueOf(v))).append(nil, 0)
}

var (
	commentType  = reflect.TypeFor[Comment]()
	documentType = reflect.TypeFor[*document.Value]()
	durationType = reflect.TypeFor[time.Duration]()
)

func structure(v reflect.Value) *mapping {
	m := &mapping{}
	comment := ""
	for field, value := range v.Fields() {
		if field.Type == commentType {
			comment = value.String()
			continue
		}
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if options == "key" {
			comment = "" // it stands before the item
		}
		if key == "" || options == "omitempty" && value.IsZero() {
			continue
		}
		if options == "keyed" {
			m.add(comment, key, keyed(value))
		} else {
			m.add(comment, key, convert(value))
		}
		comment = ""
	}
	return m
}

// keyed returns a mapping of the items of a slice.
func keyed(v reflect.Value) *mapping {
	m := &mapping{}
	for i := range v.Len() {
		comment, key := "", ""
		for field, value := range v.Index(i).Fields() {
			switch {
			case field.Type == commentType:
				comment = value.String()
			case field.Tag.Get("yaml") == ",key":
				key = value.String()
			}
		}
		m.add(comment, key, structure(v.Index(i)))
	}
	return m
}

// convert returns a value as the writer takes it.
func convert(v reflect.Value) any {
	switch {
	case v.Type() == documentType && !v.IsNil():
		return fromDocument(v.Interface().(*document.Value))
	case v.Type() == durationType:
		return v.Interface().(time.Duration).String()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return convert(v.Elem())
	case reflect.Struct:
		return structure(v)
	case reflect.Map:
		return sorted(v)
	case reflect.Slice:
		return items(v)
	case reflect.Int:
		return v.Int()
	}
	return v.Interface()
}

func sorted(v reflect.Value) *mapping {
	m := &mapping{}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		m.add("", key.String(), convert(v.MapIndex(key)))
	}
	return m
}

// fromDocument returns a JSON value with the keys of objects in order.
func fromDocument(v *document.Value) any {
	switch {
	case len(v.Members) > 0:
		m := &mapping{apart: true}
		for _, member := range v.Members {
			m.add("", member.Key, fromDocument(member.Value))
		}
		slices.SortStableFunc(m.entries, func(a, b mappingEntry) int { return strings.Compare(a.key, b.key) })
		return m
	case len(v.Items) > 0:
		var l yamlList
		for _, item := range v.Items {
			l = append(l, fromDocument(item))
		}
		return l
	}
	switch v.Kind {
	case document.Object:
		return raw("{}")
	case document.List:
		return raw("[]")
	case document.Null:
		return raw("null")
	case document.Text:
		return v.Text
	case document.Number:
		return number(v.Text)
	}
	return raw(v.Text)
}

func items(v reflect.Value) any {
	if texts, ok := reflect.TypeAssert[[]string](v); ok {
		return flow(texts)
	}
	if texts, ok := reflect.TypeAssert[OneOrMore](v); ok && len(texts) == 1 {
		return texts[0]
	}
	var l yamlList
	for i := range v.Len() {
		l = append(l, convert(v.Index(i)))
	}
	return l
}
