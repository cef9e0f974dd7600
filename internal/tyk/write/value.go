package write

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

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
