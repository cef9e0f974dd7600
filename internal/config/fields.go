package config

import (
	"fmt"
	"slices"
)

// Text is a string of the configuration and the place where it is written.
// The place of a default is that of what it is a part of.
type Text struct {
	Value string
	Pos   Pos
}

// String returns the value.
func (t Text) String() string { return t.Value }

// fields reads the keys of one mapping. Every key asked for is a known one;
// done reports the others.
type fields struct {
	*reader

	where   string // what the mapping is, for messages: "plugin `tenant`"
	pos     Pos    // where a missing key is reported
	node    *node  // nil if there is no mapping, or none that can be read
	silent  bool   // not a mapping: report nothing that follows from it
	known   []string
	refused []string  // known, but not here
	gaps    []Problem // missing keys; the text is the key until done
}

// fields opens n, which may be nil for a mapping that is not there.
func (r *reader) fields(n *node, pos Pos, where string) *fields {
	f := &fields{reader: r, where: where, pos: pos}
	switch {
	case n == nil:
	case r.want(n, where, mapping):
		f.node = n
	default:
		f.silent = true
	}
	return f
}

// in opens the mapping under key.
func (f *fields) in(key string) *fields {
	n, pos := f.take(key), f.pos
	if e := f.entry(key); e != nil {
		pos = e.pos
	}
	where := label(key)
	if f.where != top {
		where += " of " + f.where
	}
	return f.fields(n, pos, where)
}

func (f *fields) entry(key string) *entry {
	if f.node == nil {
		return nil
	}
	return f.node.find(key)
}

// absent reports whether there is no such mapping, not even a wrong one.
func (f *fields) absent() bool { return f.node == nil && !f.silent }

// has reports whether the key is there, whatever its value.
func (f *fields) has(key string) bool { return f.entry(key) != nil }

// keyPos returns the place of a key, or of the mapping without it.
func (f *fields) keyPos(key string) Pos {
	if e := f.entry(key); e != nil {
		return e.pos
	}
	return f.pos
}

// take returns the value of a key, or nil.
func (f *fields) take(key string) *node {
	f.known = append(f.known, key)
	if e := f.entry(key); e != nil {
		return e.value
	}
	return nil
}

// require is take for a key that must be there. The hint says what it is for.
func (f *fields) require(key, hint string) *node {
	n := f.take(key)
	if n == nil {
		f.missing(key, hint)
	}
	return n
}

func (f *fields) missing(key, hint string) {
	f.gaps = append(f.gaps, newProblem(f.pos, hint, key))
}

// refuse reports keys that the mapping knows but that may not stand here.
func (f *fields) refuse(why, hint string, keys ...string) {
	for _, key := range keys {
		f.refused = append(f.refused, key)
		if e := f.entry(key); e != nil {
			f.problemf(e.pos, hint, "%s %s", label(key), why)
		}
	}
}

// later reports keys that are documented for a coming version.
func (f *fields) later(keys ...string) { f.refuse("is not available in this version", "", keys...) }

// done reports the keys that nobody asked for, and then those that are
// missing and are not just misspelled.
func (f *fields) done() {
	if f.silent {
		return
	}
	var meant []string
	if f.node != nil {
		meant = f.strays()
	}
	for _, g := range f.gaps {
		if !slices.Contains(meant, g.Text) {
			f.problemf(g.Pos(), g.Hint, "missing %s in %s", label(g.Text), f.where)
		}
	}
}

// strays reports unknown keys and returns those they were probably meant to be.
func (f *fields) strays() (meant []string) {
	for _, e := range f.node.entries {
		if slices.Contains(f.known, e.key) || slices.Contains(f.refused, e.key) {
			continue
		}
		meant = append(meant, closest(e.key, f.known))
		f.problemf(e.pos, didYouMean(e.key, f.known), "unknown key %s in %s", quote(e.key), f.where)
	}
	return meant
}

// text returns a string, or def without one.
func (f *fields) text(key, def string) Text {
	n := f.take(key)
	if n == nil {
		return Text{def, f.pos}
	}
	return f.textOf(n, key, def)
}

// need returns a string that must be there and not be empty.
func (f *fields) need(key, hint string) Text {
	n := f.require(key, hint)
	if n == nil {
		return Text{"", f.pos}
	}
	t := f.textOf(n, key, "")
	if n.kind == text && n.text == "" {
		f.problemf(n.pos, hint, "%s is empty", label(key))
	}
	return t
}

func (f *fields) textOf(n *node, key, def string) Text {
	if !f.want(n, label(key), text) {
		return Text{def, n.pos}
	}
	return Text{n.text, n.pos}
}

// texts returns a list of strings; one alone may stand without the list.
func (f *fields) texts(key string) []Text {
	n := f.take(key)
	if n == nil {
		return nil
	}
	items := []*node{n}
	if n.kind != text && n.kind != broken {
		if !f.want(n, label(key), list) {
			return nil
		}
		items = n.items
	}
	return f.textsOf(items, key)
}

func (f *fields) textsOf(items []*node, key string) []Text {
	var all []Text
	for _, item := range items {
		switch {
		case !f.want(item, "an entry of "+label(key), text):
		case item.text == "":
			f.problemf(item.pos, "remove it", "an entry of %s is empty", label(key))
		default:
			all = append(all, Text{item.text, item.pos})
		}
	}
	return all
}

// strings is texts without the places.
func (f *fields) strings(key string) []string {
	var all []string
	for _, t := range f.texts(key) {
		all = append(all, t.Value)
	}
	return all
}

// line says where something else is written.
func line(p Pos) string { return fmt.Sprintf("line %d", p.Line) }
