package builtin

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Source says what the identity of a caller is in.
type Source uint8

const (
	// FromHeader is a header field.
	FromHeader Source = iota
	// FromBody is the whole request body.
	FromBody
	// FromQuery is a parameter of the query.
	FromQuery
	// FromForm is a parameter of a form in the body, or of the query.
	FromForm
)

// Extractor says how the identity behind a request is found.
type Extractor struct {
	Sessions Sessions // not nil

	From   Source
	Name   string         // of the header field or parameter; not for FromBody
	XPath  string         // what to take of it; empty is all
	Regexp *regexp.Regexp // what to take of it; nil is all
	Match  int            // which of the expression's matches, counted from 0
}

// extracted is a plugin that is asked only if the store does not know.
type extracted struct {
	abi.Plugin

	cfg   Extractor
	xpath *xpath // nil without one
}

// Extract returns a plugin that looks for the identity of a caller before it
// calls p in the auth hook. A request without one is turned away. A stored
// session of that identity answers instead of p until its ExtractorDeadline;
// a session that p sets is named after the identity, so that it is stored
// under that. Closing the plugin closes p. An error is of kind Refused.
func Extract(p abi.Plugin, cfg Extractor) (abi.Plugin, error) {
	e := &extracted{Plugin: p, cfg: cfg}
	if cfg.XPath != "" {
		var err error
		if e.xpath, err = parseXPath(cfg.XPath); err != nil {
			return nil, abi.Errorf(abi.Refused, "id_extractor: %w", err)
		}
	}
	m, measures := p.(abi.Measurer)
	r, reports := p.(abi.Reporter)
	if measures && reports {
		return observed{e, m, r}, nil
	}
	return e, nil
}

// observed is an extracted plugin that tells how the one inside is doing.
type observed struct {
	*extracted
	abi.Measurer
	abi.Reporter
}

// Declares implements [abi.Plugin].
func (e *extracted) Declares() abi.Declaration {
	d := e.Plugin.Declares()
	if e.cfg.From == FromBody || e.cfg.From == FromForm {
		d.RequestBody |= abi.SetOf(abi.Auth)
	}
	return d
}

var identityMissing = refusal{name: "identity_missing", status: 400, text: "Authorization field missing"}

// Call implements [abi.Plugin].
func (e *extracted) Call(x *abi.Exchange) (abi.Verdict, error) {
	if x.Hook != abi.Auth {
		return e.Plugin.Call(x)
	}
	id, ok := e.identity(x)
	if !ok {
		return form{}.refuse(x, &identityMissing, nil)
	}
	key := keyOf(x.API.OrgID, id)
	s, err := e.cfg.Sessions.Session(x.Deadline, []byte(key))
	if err != nil {
		return abi.Respond, unavailable(err)
	}
	if s != nil && s.ExtractorDeadline > time.Now().Unix() {
		return abi.Continue, x.UseSession(s)
	}
	v, err := e.Plugin.Call(x)
	if err != nil || v != abi.Continue || x.Session == nil {
		return v, err
	}
	named := *x.Session
	named.KeyID = key
	return v, x.SetSession(&named)
}

// keyOf returns the key under which the session of an identity is stored.
func keyOf(org, id string) string {
	sum := md5.Sum([]byte(id)) // existing stores use this name; nothing rests on the digest being strong
	return org + hex.EncodeToString(sum[:])
}

// identity returns what names the caller; ok is false if nothing does.
func (e *extracted) identity(x *abi.Exchange) (id string, ok bool) {
	value := e.value(x)
	switch {
	case value == "":
		return "", false
	case e.cfg.Regexp != nil:
		all := e.cfg.Regexp.FindAllString(value, e.cfg.Match+1)
		if e.cfg.Match >= len(all) {
			return "", false
		}
		return all[e.cfg.Match], all[e.cfg.Match] != ""
	case e.xpath != nil:
		id = e.xpath.find(value)
		return id, id != ""
	}
	return value, true
}

// value returns the text that the identity is in.
func (e *extracted) value(x *abi.Exchange) string {
	switch e.cfg.From {
	case FromBody:
		return string(x.Request.Body)
	case FromQuery:
		return strings.Join(queryOf(x)[e.cfg.Name], "")
	case FromForm:
		return strings.Join(append(formData(x)[e.cfg.Name], queryOf(x)[e.cfg.Name]...), "")
	}
	value, _ := x.Request.Header.Get([]byte(e.cfg.Name))
	return string(value)
}

func queryOf(x *abi.Exchange) url.Values {
	_, query, _ := bytes.Cut(x.Request.URI, []byte{'?'})
	values, _ := url.ParseQuery(string(query)) // what can be read of it
	return values
}

var formType = []byte("application/x-www-form-urlencoded")

func formData(x *abi.Exchange) url.Values {
	mime, _ := x.Request.Header.Get(contentType)
	mime, _, _ = bytes.Cut(mime, []byte{';'})
	if !abi.EqualFold(bytes.TrimSpace(mime), formType) {
		return nil
	}
	values, _ := url.ParseQuery(string(x.Request.Body))
	return values
}

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
