package config

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// tree turns a syntax tree into nodes.
type tree struct {
	*reader

	anchors map[string]*node
	nodes   int
	full    bool // too many nodes; reported
}

// build returns the node for n. It never returns nil.
func (t *tree) build(n ast.Node, depth int) *node {
	if t.nodes++; t.nodes > maxNodes {
		return t.tooLarge(n)
	}
	if depth > maxDepth {
		return t.fail(n, "", "nested deeper than %d levels", maxDepth)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return t.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return t.mapping(n, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		return t.list(n, depth)
	case *ast.AnchorNode:
		return t.anchor(n, depth)
	case *ast.AliasNode:
		return t.alias(n)
	}
	return t.scalar(n)
}

func (t *tree) scalar(n ast.Node) *node {
	v := &node{pos: t.start(n), size: 1}
	if tk := n.GetToken(); tk != nil {
		v.raw = tk.Value
	}
	switch n := n.(type) {
	case *ast.NullNode:
		v.kind = null
	case *ast.BoolNode:
		v.kind, v.bool = boolean, n.Value
	case *ast.IntegerNode:
		t.number(v, n.Value)
	case *ast.FloatNode:
		v.kind, v.float = float, n.Value
	case *ast.StringNode:
		t.text(v, n.Value)
	case *ast.LiteralNode:
		t.text(v, n.Value.Value)
	case *ast.TagNode:
		return t.fail(n, "remove it", "YAML tags are not supported")
	default:
		return t.fail(n, "", "%s is not supported", quote(v.raw))
	}
	return v
}

// number fills in an integer. One too large for 63 bits is a float.
func (t *tree) number(v *node, value any) {
	v.kind = integer
	switch i := value.(type) {
	case int64:
		v.int = i
	case uint64:
		v.int = int64(i)
		if v.int < 0 {
			v.kind, v.float = float, float64(i)
		}
	}
}

// text fills in a string, with the environment.
func (t *tree) text(v *node, value string) {
	v.raw = value
	expanded, err := t.env.expand(value)
	if err != nil {
		t.problemf(v.pos, err.hint, "%s", err.text)
		return
	}
	v.kind, v.text = text, expanded
}

func (t *tree) list(n *ast.SequenceNode, depth int) *node {
	v := &node{kind: list, pos: t.start(n), size: 1}
	for _, item := range n.Values {
		child := t.build(item, depth+1)
		v.items = append(v.items, child)
		v.size += child.size
	}
	return v
}

// mapping returns the node of a mapping. Keys it merges in come last and give
// way to its own.
func (t *tree) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) *node {
	v := &node{kind: mapping, pos: t.start(n), size: 1}
	seen := make(map[string]Pos, len(values))
	var merged []*node
	for _, kv := range values {
		child := t.build(kv.Value, depth+1)
		v.size += child.size
		if kv.Key.IsMergeKey() {
			merged = append(merged, child)
			continue
		}
		t.entry(v, seen, kv.Key, child)
	}
	for _, m := range merged {
		t.merge(v, seen, m)
	}
	return v
}

func (t *tree) entry(v *node, seen map[string]Pos, k ast.Node, child *node) {
	key, ok := keyText(k)
	pos := t.start(k)
	if !ok {
		t.problemf(pos, "use a plain word as the key", "this cannot be a key")
		return
	}
	if first, ok := seen[key]; ok {
		t.problemf(pos, fmt.Sprintf("the first is on line %d", first.Line), "duplicate key %s", quote(key))
		return
	}
	seen[key] = pos
	v.entries = append(v.entries, entry{key, pos, child})
}

// merge adds the keys of from, a mapping or a list of them, that v has not.
func (t *tree) merge(v *node, seen map[string]Pos, from *node) {
	switch from.kind {
	case broken:
	case mapping:
		for _, e := range from.entries {
			if _, ok := seen[e.key]; !ok {
				seen[e.key] = e.pos
				v.entries = append(v.entries, e)
			}
		}
	case list:
		for _, item := range from.items {
			if item.kind == list {
				t.problemf(item.pos, "", "`<<` merges mappings, not %s", item.kind.is())
				continue
			}
			t.merge(v, seen, item)
		}
	default:
		t.problemf(from.pos, "", "`<<` merges mappings, not %s", from.kind.is())
	}
}

// anchor remembers the node under its name once it is complete, so that an
// alias inside it does not lead back to it.
func (t *tree) anchor(n *ast.AnchorNode, depth int) *node {
	v := t.build(n.Value, depth+1)
	t.anchors[n.Name.String()] = v
	return v
}

func (t *tree) alias(n *ast.AliasNode) *node {
	name := n.Value.String()
	v := t.anchors[name]
	if v == nil {
		return t.fail(n, "an alias comes after its anchor `&"+name+"`", "alias %s is not defined", quote("*"+name))
	}
	if t.nodes += v.size; t.nodes > maxNodes {
		return t.tooLarge(n)
	}
	return v
}

// tooLarge is reported once, at the node that is one too many.
func (t *tree) tooLarge(n ast.Node) *node {
	if t.full {
		return &node{pos: t.start(n), size: 1}
	}
	t.full = true
	return t.fail(n, "", "the file holds more than %d values", maxNodes)
}

func (t *tree) fail(n ast.Node, hint, format string, args ...any) *node {
	v := &node{kind: broken, pos: t.start(n), size: 1}
	t.problemf(v.pos, hint, format, args...)
	return v
}

// keyText returns the text of a key that is a scalar.
func keyText(k ast.Node) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.MappingKeyNode:
		return keyText(k.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// start returns the place where a value begins. Block collections have no
// token of their own: they begin with their first key.
func (r *reader) start(n ast.Node) Pos {
	switch n := n.(type) {
	case nil:
		return Pos{File: r.file}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return r.start(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return r.start(n.Key)
	case *ast.AnchorNode:
		return r.start(n.Value)
	}
	return r.at(n.GetToken())
}
