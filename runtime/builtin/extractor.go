package builtin

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"net/url"
	"regexp"
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
