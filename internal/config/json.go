package config

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// appendJSON appends n as JSON, with the keys of mappings in their order.
func appendJSON(b []byte, n *node) []byte {
	switch n.kind {
	case boolean:
		return strconv.AppendBool(b, n.bool)
	case integer:
		return strconv.AppendInt(b, n.int, 10)
	case float:
		return appendValue(b, n.float)
	case text:
		return appendValue(b, n.text)
	case list:
		return appendList(b, n)
	case mapping:
		return appendMapping(b, n)
	}
	return append(b, "null"...)
}

func appendList(b []byte, n *node) []byte {
	b = append(b, '[')
	for i, item := range n.items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, item)
	}
	return append(b, ']')
}

func appendMapping(b []byte, n *node) []byte {
	b = append(b, '{')
	for i, e := range n.entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendValue(b, e.key), ':')
		b = appendJSON(b, e.value)
	}
	return append(b, '}')
}

// appendValue appends a string or a finite number; these always encode.
func appendValue[T string | float64](b []byte, v T) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
