package config

// kind says what a node is.
type kind uint8

const (
	broken kind = iota // reported already; stands for anything
	null
	boolean
	integer
	float
	text
	list
	mapping
)

var kindNames = [...]string{
	"broken", "nothing", "true or false", "a whole number", "a number", "a string", "a list",
	"a mapping",
}

func (k kind) String() string { return kindNames[k] }

// is returns the kind of a value that is something else than wanted: whether
// a number is whole rarely matters then.
func (k kind) is() string {
	if k == integer {
		return kindNames[float]
	}
	return kindNames[k]
}

// node is one value of the file, with aliases and merge keys resolved. Two
// aliases of one anchor share a node, so nothing may change it.
type node struct {
	kind kind
	pos  Pos
	size int // nodes from here down, counting shared ones each time

	raw   string // scalar as written, for messages
	text  string // text with the environment filled in
	bool  bool
	int   int64
	float float64

	items   []*node // of a list
	entries []entry // of a mapping
}

// entry is one key of a mapping.
type entry struct {
	key   string
	pos   Pos // of the key
	value *node
}

// find returns the entry of that key, or nil.
func (n *node) find(key string) *entry {
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}
