package document

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Decode fills into, a pointer to a struct, from an object. Fields are found
// by their json tag; null leaves a field as it is. A field of type Pos without
// a tag gets the place of its struct's object, and a field of type *Value the
// value itself. It returns the members that no field wants, in the order of
// the text.
//
// An error is always of type [Mistakes]: all values of a wrong type.
func (v *Value) Decode(into any) (unknown []Member, err error) {
	d := decoder{}
	d.value(v, reflect.ValueOf(into).Elem())
	if len(d.problems) > 0 {
		return d.unknown, d.problems
	}
	return d.unknown, nil
}

type decoder struct {
	unknown  []Member
	problems Mistakes
}

var (
	valueType = reflect.TypeFor[*Value]()
	posType   = reflect.TypeFor[Position]()
)

func (d *decoder) value(v *Value, into reflect.Value) {
	if into.Type() == valueType {
		into.Set(reflect.ValueOf(v))
		return
	}
	if v.Kind == Null {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(v, into.Elem())
	case reflect.Struct:
		d.object(v, into)
	case reflect.Map:
		d.dictionary(v, into)
	case reflect.Slice:
		d.list(v, into)
	default:
		d.scalar(v, into)
	}
}

func (d *decoder) object(v *Value, into reflect.Value) {
	if !d.want(v, Object) {
		return
	}
	place(v.Pos, into)
	for _, m := range v.Members {
		field, ok := fieldOf(into, m.Key)
		if !ok {
			d.unknown = append(d.unknown, m)
			continue
		}
		d.value(m.Value, field)
	}
}

// place fills in the field of type Pos, if there is one.
func place(pos Position, into reflect.Value) {
	for i := range into.NumField() {
		if into.Type().Field(i).Type == posType && into.Type().Field(i).Tag.Get("json") == "" {
			into.Field(i).Set(reflect.ValueOf(pos))
		}
	}
}

// fieldOf returns the field with the tag key, in any case.
func fieldOf(into reflect.Value, key string) (reflect.Value, bool) {
	for i := range into.NumField() {
		tag := into.Type().Field(i).Tag.Get("json")
		if tag != "" && tag != "-" && strings.EqualFold(tag, key) {
			return into.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func (d *decoder) dictionary(v *Value, into reflect.Value) {
	if !d.want(v, Object) {
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, m := range v.Members {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(m.Value, item)
		into.SetMapIndex(reflect.ValueOf(m.Key), item)
	}
}

func (d *decoder) list(v *Value, into reflect.Value) {
	if !d.want(v, List) {
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(v.Items), len(v.Items)))
	for i, item := range v.Items {
		d.value(item, into.Index(i))
	}
}

func (d *decoder) scalar(v *Value, into reflect.Value) {
	switch into.Kind() {
	case reflect.String:
		if d.want(v, Text) {
			into.SetString(v.Text)
		}
	case reflect.Bool:
		if d.want(v, Bool) {
			into.SetBool(v.Text == "true")
		}
	case reflect.Float64:
		d.float(v, into)
	case reflect.Int, reflect.Int64:
		d.integer(v, into)
	default:
		panic("document: no way to decode into " + into.Type().String())
	}
}

func (d *decoder) float(v *Value, into reflect.Value) {
	if !d.want(v, Number) {
		return
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		d.problemf(v, "%s is out of range", label(v))
	}
	into.SetFloat(f)
}

// integer takes 5.0 for 5: it is how some tools write numbers.
func (d *decoder) integer(v *Value, into reflect.Value) {
	if !d.want(v, Number) {
		return
	}
	n, err := strconv.ParseInt(v.Text, 10, 64)
	if err == nil {
		into.SetInt(n)
		return
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	if err != nil || f != float64(int64(f)) || f > 1<<53 || f < -1<<53 {
		d.problemf(v, "%s must be a whole number, not %s", label(v), v.Text)
		return
	}
	into.SetInt(int64(f))
}

// want reports whether v is of the kind, and a problem if not.
func (d *decoder) want(v *Value, k ValueKind) bool {
	if v.Kind != k {
		d.problemf(v, "%s must be %s, not %s", label(v), k, v.Kind)
	}
	return v.Kind == k
}

func (d *decoder) problemf(v *Value, format string, args ...any) {
	d.problems = append(d.problems, Mistake{v.Pos, fmt.Sprintf(format, args...)})
}

func label(v *Value) string {
	if v.Path == "" {
		return "the document"
	}
	return v.Path
}

// Rule says what becomes of keys that no field wants.
type Rule struct {
	Keys string // separated by spaces
	Text string // after the path of the key
	// Flag is the member that turns an object on; without one, an object is
	// on unless everything in it is empty.
	Flag string
	// Key is what a waiver names; the key itself if it is empty.
	Key string
	// Opens is [Note.Opens]. If it is protected, the key counts only where
	// the API is not open to everyone anyway.
	Opens, Protected bool
	Harmless         bool // see [Note.Harmless]
}

// Rules returns the rules by their keys.
func Rules(all []Rule) map[string]Rule {
	out := make(map[string]Rule)
	for _, r := range all {
		for key := range strings.FieldsSeq(r.Keys) {
			out[key] = r
		}
	}
	return out
}

// Table has the rules of one format. Keys are paths in lower case.
type Table struct {
	Prefix string // of every path, and not part of the keys
	Rules  map[string]Rule
	// Inner has the rules for what is inside of members with names of the
	// user's choice, by the path of the object that holds them.
	Inner map[string]map[string]Rule
	// Unknown is said of a key without a rule; empty stands for the usual.
	Unknown string
}

var index = regexp.MustCompile(`\[\d+\]`)

// find returns the rule for the key at path. Names of the user's choice may
// have dots in them.
func (t *Table) find(path string) (Rule, bool) {
	path = strings.TrimPrefix(strings.ToLower(index.ReplaceAllString(path, "[]")), t.Prefix)
	if r, ok := t.Rules[path]; ok {
		return r, true
	}
	for holder, rules := range t.Inner {
		rest, ok := strings.CutPrefix(path, holder+".")
		for ok {
			if r, found := rules[rest]; found {
				return r, true
			}
			_, rest, ok = strings.Cut(rest, ".")
		}
	}
	return Rule{}, false
}

// asks reports whether the value asks for something. A member disabled, which
// entries of lists have, turns an object off.
func (r Rule) asks(v *Value) bool {
	switch {
	case v.Kind == List:
		return slices.ContainsFunc(v.Items, r.asks)
	case v.Kind == Object && r.Flag != "":
		return v.Get(r.Flag).True()
	case v.Kind == Object && v.Get("disabled").True():
		return false
	}
	return !v.Empty()
}

// Note returns what the rule says of a value.
func (r Rule) Note(pos Position, path, key string) Note {
	return Note{Pos: pos, Path: path, Text: r.Text, Opens: r.Opens, Key: cmp.Or(r.Key, key), Harmless: r.Harmless}
}

// Notes says of each unknown member what becomes of it. Known keys that ask for
// nothing are passed over; open says that everyone may come in.
func (t *Table) Notes(unknown []Member, open bool) []Note {
	var out []Note
	for _, m := range unknown {
		r, ok := t.find(m.Value.Path)
		switch {
		case !ok:
			r.Text = cmp.Or(t.Unknown, "is not a key that is known; ignored")
		case !r.asks(m.Value) || r.Protected && open:
			continue
		}
		out = append(out, r.Note(m.Pos, m.Value.Path, m.Key))
	}
	return out
}
