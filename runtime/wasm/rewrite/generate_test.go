package rewrite_test

// generator turns arbitrary bytes into a valid module whose functions loop,
// branch and call each other in all the ways the instrumentation has to keep.
// All values are i32; the operand stack is empty between statements.
type generator struct {
	src     []byte
	results []int // results of each function
	labels  []int // values a branch to each open label carries
	budget  int
}

const generatedLocals = 3

func (g *generator) next(n int) int {
	if len(g.src) == 0 {
		return 0
	}
	v := int(g.src[0]) % n
	g.src = g.src[1:]
	return v
}

// generate builds a module of up to five functions, exported as "a" to "e".
func generate(src []byte) []byte {
	g := &generator{src: src, budget: 200}
	var e encoder
	e.memory(1)
	e.segment(g.next(200), "some data")
	e.segment(200+g.next(100), "more")
	e.global(i32, 1, konst(0))
	count := 1 + g.next(5)
	for range count {
		g.results = append(g.results, g.next(4))
	}
	e.tables = [][]byte{cat(funcref, 0, count)}
	var refs []byte
	for i := range count {
		refs = append(refs, byte(i))
	}
	e.elems = [][]byte{cat(0, konst(0), end, count, refs)}
	types := make([]int, 4)
	for n := range types {
		types[n] = e.typ(nil, i32s(n))
	}
	for i, n := range g.results {
		g.labels = []int{n}
		body := cat(g.statements(types, 0), g.values(n))
		e.fn(string(rune('a'+i)), nil, i32s(n), i32s(generatedLocals), body)
	}
	return e.build()
}

func i32s(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = i32
	}
	return b
}

func (g *generator) statements(types []int, depth int) []byte {
	var b []byte
	for range g.next(5) {
		b = append(b, g.statement(types, depth)...)
	}
	return b
}

// value pushes one i32.
func (g *generator) value() []byte {
	switch g.next(6) {
	case 0:
		return cat(localGet, g.next(generatedLocals))
	case 1:
		return cat(globalGet, 0)
	case 2:
		return cat(g.leaf(), konst(g.next(256)-128), i32Add)
	case 3:
		return cat(g.leaf(), i32Load8U, 0, g.next(100))
	case 4:
		return cat(memorySize, 0)
	}
	return konst(g.next(256) - 100)
}

func (g *generator) leaf() []byte { return cat(localGet, g.next(generatedLocals)) }

func (g *generator) values(n int) []byte {
	var b []byte
	for range n {
		b = append(b, g.value()...)
	}
	return b
}

// drops removes n values.
func drops(n int) []byte {
	var b []byte
	for range n {
		b = append(b, drop)
	}
	return b
}

func (g *generator) statement(types []int, depth int) []byte {
	g.budget--
	if g.budget < 0 {
		return nil
	}
	switch g.next(12) {
	case 0:
		return cat(g.value(), localSet, g.next(generatedLocals))
	case 1:
		return cat(g.value(), globalSet, 0)
	case 2:
		return cat(g.leaf(), g.value(), i32Store8, 0, g.next(100))
	case 3, 4:
		return g.block(types, depth)
	case 5:
		return g.loop(types, depth)
	case 6:
		return g.branch()
	case 7:
		fn := g.next(len(g.results))
		return cat(call, fn, drops(g.results[fn]))
	case 8:
		n := g.next(4)
		return cat(g.value(), callIndirect, types[n], 0, drops(n))
	case 9:
		return cat(konst(g.next(3)), memoryGrow, 0, drop)
	case 10:
		return g.conditional(types, depth)
	}
	return cat(g.value(), ifOp, empty, g.values(g.labels[0]), ret, end)
}

// inside generates statements under one more label.
func (g *generator) inside(arity int, types []int, depth int) []byte {
	if depth > 5 {
		return nil
	}
	g.labels = append(g.labels, arity)
	b := g.statements(types, depth+1)
	g.labels = g.labels[:len(g.labels)-1]
	return b
}

func (g *generator) block(types []int, depth int) []byte {
	n := g.next(4)
	typ := u32(types[n]) // all below 64, so signed and unsigned agree
	return cat(block, typ, g.inside(n, types, depth), g.values(n), end, drops(n))
}

func (g *generator) conditional(types []int, depth int) []byte {
	first := g.inside(0, types, depth)
	if g.next(2) == 0 {
		return cat(g.value(), ifOp, empty, first, end)
	}
	return cat(g.value(), ifOp, empty, first, elseOp, g.inside(0, types, depth), end)
}

// loop counts a local up to a small bound, so that many modules end.
func (g *generator) loop(types []int, depth int) []byte {
	local := g.next(generatedLocals)
	bound := konst(g.next(50))
	return cat(loop, empty, g.inside(0, types, depth),
		localGet, local, konst(1), i32Add, localTee, local, bound, i32LtS, brIf, 0, end)
}

// branch leaves by br_if, br, return or br_table. What follows an unconditional
// branch in its block is unreachable, which is legal.
func (g *generator) branch() []byte {
	label := g.next(len(g.labels))
	arity := g.labels[len(g.labels)-1-label]
	values := g.values(arity)
	switch g.next(4) {
	case 0:
		return cat(values, br, label)
	case 1:
		return cat(g.values(g.labels[0]), ret)
	case 2:
		targets := []byte{byte(label)}
		for i := range g.labels {
			if g.labels[len(g.labels)-1-i] == arity {
				targets = append(targets, byte(i))
			}
		}
		return cat(values, g.value(), brTable, len(targets), targets, label)
	}
	return cat(values, g.value(), brIf, label, drops(arity))
}
