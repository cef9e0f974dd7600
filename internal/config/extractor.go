package config

import "regexp"

// Names of where an identity is and of how it is cut out, as id_extractor
// takes them.
const (
	FromHeader = "header"
	FromBody   = "body"
	FromQuery  = "querystring"
	FromForm   = "form"

	WithValue  = "value"
	WithXPath  = "xpath"
	WithRegexp = "regex"
)

// ExtractorConfig says how the identity behind a request is found before the
// external process is asked who it is. A stored session of that identity which
// the process has said to be good for some time answers in its place.
type ExtractorConfig struct {
	Pos  Pos
	From string // one of FromHeader, FromBody, FromQuery, FromForm
	With string // one of WithValue, WithXPath, WithRegexp

	Name   string         // of the header field or parameter; empty for FromBody
	XPath  string         // for WithXPath
	Regexp *regexp.Regexp // for WithRegexp
	Match  int            // which of the matches is the identity, counted from 0
}

// extractor returns nil if there is none.
func (f *fields) extractor(runtime string) *ExtractorConfig {
	switch runtime {
	case JSVM, Wasm, Builtin:
		f.refuse("does not apply to runtime "+runtime, "only a process that checks keys can have one", "id_extractor")
		return nil
	}
	m := f.in("id_extractor")
	if m.absent() {
		return nil
	}
	defer m.done()
	x := &ExtractorConfig{
		Pos:  m.pos,
		From: m.required("from", FromHeader, FromBody, FromQuery, FromForm),
		With: m.choice("with", WithValue, WithValue, WithXPath, WithRegexp),
	}
	m.extractName(x)
	m.extractHow(x)
	return x
}

// extractName reads what the field is called.
func (f *fields) extractName(x *ExtractorConfig) {
	switch x.From {
	case FromBody:
		f.refuse("does not apply to a body", "remove it: the body has no name", "name")
	case "":
		f.take("name")
	default:
		x.Name = f.need("name", "name the header field or the parameter").Value
	}
}

// extractHow reads the expression, of which there is one at most.
func (f *fields) extractHow(x *ExtractorConfig) {
	if x.With == WithXPath {
		x.XPath = f.need("xpath", "write for example `//user/key`").Value
	} else {
		f.refuse("needs `with: xpath`", "", "xpath")
	}
	if x.With == WithRegexp {
		x.Regexp = f.pattern("regex", "write a regular expression")
		x.Match = f.count("match", 0, 0)
		return
	}
	f.refuse("needs `with: regex`", "", "regex", "match")
}

// required is choice for a key that must be there; "" stands for none of them.
func (f *fields) required(key string, options ...string) string {
	if !f.has(key) {
		f.missing(key, "choose "+oneOf(options))
	}
	return f.choice(key, "", options...)
}
