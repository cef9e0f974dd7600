package document

import (
	"fmt"
	"reflect"
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
