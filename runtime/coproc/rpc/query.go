package rpc

import (
	"bytes"
	"net/url"
)

// params edits the query of target: delete_params [names], then add_params
// {name: value}, which replaces, then extended_params {name: [values]}, which
// appends. Parameters that are not touched keep their place and their bytes.
func (a *applier) params(target []byte, q *request) ([]byte, error) {
	if !a.may(WriteQuery, "query") {
		return target, nil
	}
	path, mark := splitTarget(target)
	query := bytes.Clone(bytes.TrimPrefix(mark, []byte("?")))
	query, err := deleteParams(query, q.deleteParams)
	if err != nil {
		return nil, err
	}
	if query, err = addParams(query, q.addParams, "add_params", true); err != nil {
		return nil, err
	}
	if query, err = addParams(query, q.extendedParam, "extended_params", false); err != nil {
		return nil, err
	}
	target = bytes.Clone(path)
	if len(query) > 0 {
		target = append(append(target, '?'), query...)
	}
	return target, nil
}

func deleteParams(query, raw []byte) ([]byte, error) {
	if raw == nil {
		return query, nil
	}
	e, ok := elementsOf(raw)
	if !ok {
		return nil, errShape("delete_params")
	}
	for value, ok := e.next(); ok; value, ok = e.next() {
		name, isText := textOf(value)
		if !isText {
			return nil, errShape("delete_params")
		}
		query = withoutParam(query, name)
	}
	return query, nil
}

// addParams takes for each name one value or a list of them.
func addParams(query, raw []byte, what string, replace bool) ([]byte, error) {
	if raw == nil {
		return query, nil
	}
	m, ok := membersOf(raw)
	if !ok {
		return nil, errShape(what)
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if replace {
			query = withoutParam(query, name)
		}
		list, isList := elementsOf(value)
		if !isList {
			list = elements{value}
		}
		for v, ok := list.next(); ok; v, ok = list.next() {
			text, isText := textOf(v)
			if !isText {
				return nil, errShape(what)
			}
			query = appendParam(query, name, text)
		}
	}
	return query, nil
}

func appendParam(query, name, value []byte) []byte {
	if len(query) > 0 {
		query = append(query, '&')
	}
	query = append(query, url.QueryEscape(string(name))...)
	query = append(query, '=')
	return append(query, url.QueryEscape(string(value))...)
}

// withoutParam removes the parameters of that decoded name, in place.
func withoutParam(query, name []byte) []byte {
	kept := query[:0]
	for pair := range bytes.SplitSeq(query, []byte("&")) {
		raw, _, _ := bytes.Cut(pair, []byte("="))
		decoded, err := url.QueryUnescape(string(raw))
		if err == nil && decoded == string(name) {
			continue
		}
		if len(kept) > 0 {
			kept = append(kept, '&')
		}
		kept = append(kept, pair...)
	}
	return kept
}
