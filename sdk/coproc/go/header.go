package sallyport

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Field is one header field. Values that are not UTF-8 are preserved.
type Field struct{ Name, Value string }

// MarshalJSON writes [name, value], or [name, null, base64].
func (f Field) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(f.Value) {
		return json.Marshal([2]string{f.Name, f.Value})
	}
	return json.Marshal([3]any{f.Name, nil, []byte(f.Value)})
}

// Get returns the first value of a header field.
func (m *Message) Get(name string) (value string, ok bool) {
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}

// Values returns all values of a header field.
func (m *Message) Values(name string) []string {
	var values []string
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Fields are header fields to set, in order. On the wire they are an object.
type Fields []Field

// Set sets a field to one value; the last value of a name counts.
func (f *Fields) Set(name, value string) {
	for i := range *f {
		if (*f)[i].Name == name {
			(*f)[i].Value = value
			return
		}
	}
	*f = append(*f, Field{name, value})
}

// MarshalJSON writes an object whose members keep their order.
func (f Fields) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, field := range f {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(field.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(field.Value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}
