package builtin

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds of a document that is searched: it comes from outside.
const (
	maxXMLDepth = 64
	maxXMLNodes = 100_000
)

// xpath is the part of XPath 1.0 that finds one value in a small document:
// steps down by name or *, at any depth after //, with a position in brackets,
// and an attribute or text() at the end.
type xpath struct {
	steps     []xpathStep
	attribute string // at the end; empty if there is none
}

type xpathStep struct {
	name     string // * is any
	anywhere bool   // after //
	position int    // 0 is any
}

var errXPath = errors.New("only steps such as /a/b, //b, *, b[2], @name and text() are supported")

// parseXPath reads an expression. One that begins without a slash begins at
// the document.
func parseXPath(expression string) (*xpath, error) {
	p := &xpath{}
	rest := expression
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	for rest != "" && p.attribute == "" {
		anywhere := strings.HasPrefix(rest, "//")
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "/"), "/")
		word, more, _ := strings.Cut(rest, "/")
		rest = rest[len(word):]
		if word == "text()" && more == "" && rest == "" && len(p.steps) > 0 && !anywhere {
			return p, nil
		}
		if err := p.add(word, anywhere); err != nil {
			return nil, fmt.Errorf("xpath %q: %w", expression, err)
		}
	}
	if rest != "" || len(p.steps) == 0 {
		return nil, fmt.Errorf("xpath %q: %w", expression, errXPath)
	}
	return p, nil
}

func (p *xpath) add(word string, anywhere bool) error {
	if name, ok := strings.CutPrefix(word, "@"); ok {
		p.attribute = name
		if !xmlName(name) || anywhere || len(p.steps) == 0 {
			return errXPath
		}
		return nil
	}
	s := xpathStep{name: word, anywhere: anywhere}
	if name, position, ok := strings.Cut(word, "["); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(position, "]"))
		if err != nil || n < 1 || !strings.HasSuffix(position, "]") {
			return errXPath
		}
		s.name, s.position = name, n
	}
	if s.name != "*" && !xmlName(s.name) {
		return errXPath
	}
	p.steps = append(p.steps, s)
	return nil
}

// xmlName reports whether a name has no meaning of its own in XPath.
func xmlName(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, "()[]@*|:='\" \t\n")
}

// document is what a step selects from.
type document struct {
	root *element        // holds the outermost element
	text strings.Builder // of all elements, in order
}

// element is one element of a document.
type element struct {
	name       string
	attrs      []xml.Attr
	start, end int // of its text and all below
	children   []*element
	parent     *element
}

// find returns the text of the first match, or nothing. A document that cannot
// be read has none.
func (p *xpath) find(text string) string {
	doc, err := parseXML(text)
	if err != nil {
		return ""
	}
	found := []*element{doc.root}
	for _, s := range p.steps {
		found = s.from(found)
	}
	for _, e := range found {
		if p.attribute == "" {
			return doc.text.String()[e.start:e.end]
		}
		for _, a := range e.attrs {
			if a.Name.Local == p.attribute {
				return a.Value
			}
		}
	}
	return ""
}

// from returns what the step selects below some elements, each once.
func (s *xpathStep) from(parents []*element) (found []*element) {
	seen := map[*element]bool{}
	var walk func(*element)
	walk = func(e *element) {
		n := 0
		for _, child := range e.children {
			if s.name == "*" || s.name == child.name {
				if n++; (s.position == 0 || n == s.position) && !seen[child] {
					seen[child] = true
					found = append(found, child)
				}
			}
			if s.anywhere {
				walk(child)
			}
		}
	}
	for _, e := range parents {
		walk(e)
	}
	return found
}

var errXML = errors.New("the document is too deep or too large")

func parseXML(text string) (*document, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	doc := &document{root: &element{}}
	at, depth, nodes := doc.root, 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(doc.root.children) > 0 {
			return doc, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child := &element{name: t.Name.Local, attrs: t.Attr, parent: at, start: doc.text.Len()}
			at.children = append(at.children, child)
			at = child
			depth++
			nodes++
		case xml.EndElement:
			at.end, at = doc.text.Len(), at.parent
			depth--
		case xml.CharData:
			doc.text.Write(t)
		}
		if depth > maxXMLDepth || nodes > maxXMLNodes {
			return nil, errXML
		}
	}
}
