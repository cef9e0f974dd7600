package definition

import "strings"

// Where a document names what anybody may name: schemes and operations.
const (
	schemePrefix    = "server.authentication.securityschemes"
	operationPrefix = "middleware.operations"
)

// oasRules are the keys of the extension, in lower case.
var oasRules = table{
	prefix: strings.ToLower(Extension) + ".",
	rules:  oasKeys,
	inner:  map[string]map[string]rule{schemePrefix: schemeKeys, operationPrefix: operationKeys},
}

// oasKeys are the keys of the extension.
var oasKeys = map[string]rule{
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
	"server.detailedactivitylogs":                  {text: notAnalyse, flag: "enabled"},
	"server.detailedtracing":                       {text: notAnalyse, flag: "enabled", harmless: true},
	"server.ipaccesscontrol":                       {text: moreOpen, flag: "enabled", opens: true},
	"server.batchprocessing":                       {text: "is not supported: there is no batch path", flag: "enabled"},
	"server.authentication.hmac":                   {text: otherAuth, flag: "enabled", key: "enable_signature_checking", opens: true, protected: true},
	"server.authentication.oidc":                   {text: otherAuth, flag: "enabled", key: "use_openid", opens: true, protected: true},
	"server.authentication.security":               {text: "is not supported: all enabled ways to authenticate must pass"},
	"server.authentication.securityprocessingmode": {text: "is not supported: all enabled ways to authenticate must pass"},

	"middleware.global.cors":           {text: "is not supported: replies have no CORS fields, and preflight requests are treated as any other", flag: "enabled"},
	"middleware.global.cache":          {text: "is not supported: every request goes to the upstream", flag: "enabled"},
	"middleware.global.trafficlogs":    {text: notAnalyse, flag: "enabled"},
	"middleware.global.skipquotareset": {text: noEffect, harmless: true},
}

// schemeKeys are the keys of one token scheme.
var schemeKeys = map[string]rule{
	"enableclientcertificate": {text: otherAuth, key: "use_certificate", opens: true, protected: true},
	"signaturevalidation":     {text: moreOpen, flag: "enabled", key: "validate_signature", opens: true, protected: true},
}

// operationKeys are the keys of one operation.
var operationKeys = map[string]rule{
	"transformrequestmethod":   {text: "is not supported: methods are not changed", flag: "enabled"},
	"transformrequestbody":     {text: "is not supported: request bodies are not rewritten", flag: "enabled"},
	"transformresponsebody":    {text: "is not supported: reply bodies are not rewritten", flag: "enabled"},
	"transformrequestheaders":  {text: "is not supported at single endpoints, only for a whole API", flag: "enabled"},
	"transformresponseheaders": {text: "is not supported at single endpoints, only for a whole API", flag: "enabled"},
	"urlrewrite":               {text: "is not supported: paths are not rewritten", flag: "enabled"},
	"cache":                    {text: "is not supported: every request goes to the upstream", flag: "enabled"},
	"enforcetimeout":           {text: "is not supported: the upstream has the same time everywhere", flag: "enabled"},
	"circuitbreaker":           {text: notDone, flag: "enabled"},
	"trackendpoint":            {text: notAnalyse, flag: "enabled", harmless: true},
	"donottrackendpoint":       {text: notAnalyse, flag: "enabled", harmless: true},
	"mockresponse":             {text: "is not supported: the requests would reach the upstream", flag: "enabled", opens: true},
	"requestsizelimit":         {text: moreOpen, flag: "enabled", opens: true},
	"validaterequest":          {text: moreOpen, flag: "enabled", opens: true},
	"internal":                 {text: moreOpen, flag: "enabled", opens: true},
	"ratelimit":                {text: moreOpen, flag: "enabled", opens: true},
	"postplugins":              {text: moreOpen, flag: "enabled", opens: true},
}
