package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a document. They keep a wrong file from using up memory or stack.
const (
	// MaxBytes is the size of the largest document that Parse reads.
	MaxBytes = 16 << 20

	maxDepth = 200
)

// Parse reads one JSON document. file names it in messages.
//
// An error is always of type [Mistakes].
func Parse(file string, data []byte) (*Value, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	p := jsonParser{file: file, data: data}
	if len(data) > MaxBytes {
		return nil, Mistakes{{Position{File: file}, fmt.Sprintf("the file is larger than %d MiB", MaxBytes>>20)}}
	}
	if err := p.valid(); err != nil {
		return nil, err
	}
	p.decoder = json.NewDecoder(bytes.NewReader(data))
	p.decoder.UseNumber()
	v := p.value("", 0)
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return v, nil
}

// jsonParser walks the tokens of a document whose syntax is known to be right.
type jsonParser struct {
	file     string
	data     []byte
	decoder  *json.Decoder
	problems Mistakes

	// place returns positions in order, so that finding them all is one pass.
	line, lineStart, seen int
}

// valid reports a syntax error at its place.
func (p *jsonParser) valid() error {
	var raw json.RawMessage
	err := json.Unmarshal(p.data, &raw)
	if err == nil {
		return nil
	}
	pos := Position{File: p.file}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		// The offset counts the byte that is wrong, unless the text ended.
		at := int(e.Offset)
		if !strings.Contains(e.Error(), "unexpected end") {
			at--
		}
		pos = p.place(at)
	}
	return Mistakes{{pos, "not valid JSON: " + err.Error()}}
}

// place returns the position of an offset that is not before the last one.
func (p *jsonParser) place(at int) Position {
	at = min(max(at, p.seen), len(p.data))
	for ; p.seen < at; p.seen++ {
		if p.data[p.seen] == '\n' {
			p.line++
			p.lineStart = p.seen + 1
		}
	}
	return Position{p.file, p.line + 1, at - p.lineStart + 1}
}

// next returns the next token and the offset at which it begins.
func (p *jsonParser) next() (json.Token, int) {
	at := int(p.decoder.InputOffset())
	for at < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[at]) >= 0 {
		at++
	}
	t, err := p.decoder.Token()
	if err != nil {
		// The syntax is right, so this is a limit of the decoder's own.
		p.problems = append(p.problems, Mistake{p.place(at), "not readable: " + err.Error()})
	}
	return t, at
}

func (p *jsonParser) value(path string, depth int) *Value {
	t, start := p.next()
	v := &Value{Pos: p.place(start), Path: path}
	if depth > maxDepth {
		p.problems = append(p.problems, Mistake{v.Pos, fmt.Sprintf("nested deeper than %d levels", maxDepth)})
	}
	if len(p.problems) > 0 {
		return v
	}
	switch t := t.(type) {
	case json.Delim:
		p.inside(v, t, depth)
	case bool:
		v.Kind, v.Text = Bool, strconv.FormatBool(t)
	case json.Number:
		v.Kind, v.Text = Number, t.String()
	case string:
		v.Kind, v.Text = Text, t
	}
	v.Raw = p.data[start:p.decoder.InputOffset()]
	return v
}

// inside reads the rest of a list or an object, its end included.
func (p *jsonParser) inside(v *Value, open json.Delim, depth int) {
	v.Kind = List
	if open == '{' {
		v.Kind = Object
	}
	for p.decoder.More() && len(p.problems) == 0 {
		if v.Kind == List {
			v.Items = append(v.Items, p.value(fmt.Sprintf("%s[%d]", v.Path, len(v.Items)), depth+1))
			continue
		}
		key, at := p.next()
		name, _ := key.(string)
		pos := p.place(at)
		v.Members = append(v.Members, Member{name, pos, p.value(child(v.Path, name), depth+1)})
	}
	if len(p.problems) == 0 {
		p.next()
		v.Members = lastOfEach(v.Members)
	}
}

// lastOfEach drops members whose key comes again.
func lastOfEach(members []Member) []Member {
	last := make(map[string]int, len(members))
	for i, m := range members {
		last[m.Key] = i
	}
	kept := members[:0]
	for i, m := range members {
		if last[m.Key] == i {
			kept = append(kept, m)
		}
	}
	return kept
}
