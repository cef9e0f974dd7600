package oas

import (
	"regexp"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// rule says what becomes of a key that no field of [extension] wants.
type rule struct {
	text string
	// flag is the member that turns an object on; without one, an object is
	// on unless everything in it is empty.
	flag string
	// key is what a waiver names; the key itself if it is empty.
	key string
	// opens and protected: see [document.Note.Opens]; protected keys count
	// only where the API is not keyless.
	opens, protected bool
	// harmless: see [document.Note.Harmless].
	harmless bool
}

// What is said of keys that several rules share.
const (
	otherAuth = "is a way to authenticate that is not supported; without it the API would be more open"
	moreOpen  = "is not supported; without it the API would let more through"
	notDone   = "is not supported; ignored"
	noEffect  = "has no effect here"
	oneTarget = "is not supported: all requests go to upstream.url"
	analytics = "is about analytics, which the gateway has none of; ignored"
	ofScheme  = "server.authentication.securityschemes."
	ofOne     = "middleware.operations."
)

// rules are the keys of the extension, in lower case.
var rules = map[string]rule{
	"info.dbid":       {text: noEffect, harmless: true},
	"info.expiration": {text: "is not supported: the API does not expire", opens: true},
	"info.versioning": {text: "is not supported: base and child APIs are served each on their own listen path", flag: "enabled"},

	"upstream.servicediscovery":                  {text: oneTarget, flag: "enabled"},
	"upstream.loadbalancing":                     {text: oneTarget, flag: "enabled"},
	"upstream.uptimetests":                       {text: "is not supported: the upstream is not probed", flag: "enabled"},
	"upstream.test":                              {text: "is not supported: the upstream is not probed"},
	"upstream.mutualtls":                         {text: "is not supported: the upstream sees no client certificate", flag: "enabled"},
	"upstream.certificatepinning":                {text: "is not supported: the upstream's key is not compared", flag: "enabled", opens: true},
	"upstream.authentication":                    {text: notDone, flag: "enabled"},
	"upstream.tlstransport.ciphers":              {text: notDone},
	"upstream.tlstransport.minversion":           {text: notDone},
	"upstream.tlstransport.maxversion":           {text: notDone},
	"upstream.tlstransport.forcecommonnamecheck": {text: "is not supported: the common name of the upstream's certificate is not compared", opens: true},

	"server.slug":                                  {text: noEffect, harmless: true},
	"server.clientcertificates":                    {text: otherAuth, flag: "enabled", key: "use_mutual_tls_auth", opens: true},
	"server.gatewaytags":                           {text: "has no effect here: the gateway is not one of several segments", flag: "enabled"},
	"server.customdomain.certificates":             {text: "is not supported: certificates of the listener are set by `tls` for the whole gateway"},
	"server.detailedactivitylogs":                  {text: analytics, flag: "enabled"},
	"server.detailedtracing":                       {text: analytics, flag: "enabled", harmless: true},
	"server.ipaccesscontrol":                       {text: moreOpen, flag: "enabled", opens: true},
	"server.batchprocessing":                       {text: "is not supported: there is no batch path", flag: "enabled"},
	"server.authentication.hmac":                   {text: otherAuth, flag: "enabled", key: "enable_signature_checking", opens: true, protected: true},
	"server.authentication.oidc":                   {text: otherAuth, flag: "enabled", key: "use_openid", opens: true, protected: true},
	"server.authentication.security":               {text: "is not supported: all enabled ways to authenticate must pass"},
	"server.authentication.securityprocessingmode": {text: "is not supported: all enabled ways to authenticate must pass"},

	"middleware.global.cors":           {text: "is not supported: replies have no CORS fields, and preflight requests are treated as any other", flag: "enabled"},
	"middleware.global.cache":          {text: "is not supported: every request goes to the upstream", flag: "enabled"},
	"middleware.global.trafficlogs":    {text: analytics, flag: "enabled"},
	"middleware.global.skipquotareset": {text: noEffect, harmless: true},
}

// schemeRules are the keys of one token scheme, in lower case.
var schemeRules = map[string]rule{
	"enableclientcertificate": {text: otherAuth, key: "use_certificate", opens: true, protected: true},
	"signaturevalidation":     {text: moreOpen, flag: "enabled", key: "validate_signature", opens: true, protected: true},
}

// operationRules are the keys of one operation, in lower case.
var operationRules = map[string]rule{
	"transformrequestmethod":   {text: "is not supported: methods are not changed", flag: "enabled"},
	"transformrequestbody":     {text: "is not supported: request bodies are not rewritten", flag: "enabled"},
	"transformresponsebody":    {text: "is not supported: reply bodies are not rewritten", flag: "enabled"},
	"transformrequestheaders":  {text: "is not supported at single endpoints, only for a whole API", flag: "enabled"},
	"transformresponseheaders": {text: "is not supported at single endpoints, only for a whole API", flag: "enabled"},
	"urlrewrite":               {text: "is not supported: paths are not rewritten", flag: "enabled"},
	"cache":                    {text: "is not supported: every request goes to the upstream", flag: "enabled"},
	"enforcetimeout":           {text: "is not supported: the upstream has the same time everywhere", flag: "enabled"},
	"circuitbreaker":           {text: notDone, flag: "enabled"},
	"trackendpoint":            {text: analytics, flag: "enabled", harmless: true},
	"donottrackendpoint":       {text: analytics, flag: "enabled", harmless: true},
	"mockresponse":             {text: "is not supported: the requests would reach the upstream", flag: "enabled", opens: true},
	"requestsizelimit":         {text: moreOpen, flag: "enabled", opens: true},
	"validaterequest":          {text: moreOpen, flag: "enabled", opens: true},
	"internal":                 {text: moreOpen, flag: "enabled", opens: true},
	"ratelimit":                {text: moreOpen, flag: "enabled", opens: true},
	"postplugins":              {text: moreOpen, flag: "enabled", opens: true},
}

var index = regexp.MustCompile(`\[\d+\]`)

// find returns the rule for the key at path. Names of operations and schemes
// are anybody's choice and may have dots in them.
func find(path string) (rule, bool) {
	path = strings.ToLower(index.ReplaceAllString(path, "[]"))
	path = strings.TrimPrefix(path, Extension+".")
	for prefix, inner := range map[string]map[string]rule{ofScheme: schemeRules, ofOne: operationRules} {
		name, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		for i := range name {
			if r, ok := inner[name[i+1:]]; ok && name[i] == '.' {
				return r, true
			}
		}
		return rule{}, false
	}
	r, ok := rules[path]
	return r, ok
}

// asks reports whether the value asks for something.
func (r rule) asks(v *document.Value) bool {
	switch {
	case r.flag == "":
	case v.Kind == document.Object:
		return v.Get(r.flag).True()
	case v.Kind == document.List:
		return slices.ContainsFunc(v.Items, r.asks)
	}
	return !v.Empty()
}

// notes are what is said of the document.
type notes struct{ list []document.Note }

// add notes something about a value that is not up to its flag.
func (n *notes) add(v *document.Value, r rule) { n.addFor(v, r, lastWord(v.Path), false) }

func (n *notes) addFor(v *document.Value, r rule, key string, keyless bool) {
	if r.protected && keyless {
		return
	}
	n.list = append(n.list, document.Note{Pos: v.Pos, Path: v.Path, Text: r.text, Opens: r.opens, Key: key, Harmless: r.harmless})
}

func lastWord(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// unknown says of each member that no field wants what becomes of it.
func (n *notes) unknown(members []document.Member, keyless bool) {
	for _, m := range members {
		note := document.Note{Pos: m.Pos, Path: m.Value.Path, Key: m.Key}
		r, ok := find(m.Value.Path)
		switch {
		case !ok:
			note.Text = "is not a key that is known; ignored"
		case !r.asks(m.Value) || r.protected && keyless:
			continue
		default:
			note.Text, note.Opens, note.Harmless = r.text, r.opens, r.harmless
			if r.key != "" {
				note.Key = r.key
			}
		}
		n.list = append(n.list, note)
	}
}
