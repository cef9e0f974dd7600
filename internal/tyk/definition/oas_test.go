package definition_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

func parse(t *testing.T, text string) *document.Value {
	t.Helper()
	v, err := document.Parse("oas.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// decodeOAS reads an extension within a document that has nothing else.
func decodeOAS(t *testing.T, extension string) (*definition.Definition, []document.Note) {
	t.Helper()
	d, notes, err := definition.Decode(parse(t, document1(extension)))
	if err != nil {
		t.Fatal(err)
	}
	return d, notes
}

func document1(extension string) string {
	return `{"paths": {"/a": {"get": {"operationId": "op.a"}}, "/a/b": {"post": {"operationId": "opB"}}},
"components": {"securitySchemes": {
  "key": {"type": "apiKey", "in": "header", "name": "X-Key"}, "q": {"type": "apiKey", "in": "query", "name": "k"}, "c": {"type": "apiKey", "in": "cookie", "name": "k"},
  "jwt": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "Basic"}, "oauth": {"type": "oauth2"}, "oidc": {"type": "openIdConnect"}}},
"x-tyk-api-gateway": ` + extension + `}`
}

// like compares definitions by what they say, not by where they say it.
var like = cmp.Options{
	cmpopts.IgnoreTypes(document.Position{}),
	cmpopts.EquateEmpty(),
	cmp.Transformer("JSON", func(v *document.Value) (out any) {
		if v == nil || json.Unmarshal(v.Raw, &out) != nil {
			return nil
		}
		return out
	}),
}

func TestDocumentMeansTheSameAsAClassicDefinition(t *testing.T) {
	read := func(name string) *document.Value {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, string(data))
	}
	want, notes, err := definition.Decode(read("testdata/full-classic.json"))
	if err != nil || len(notes) > 0 {
		t.Fatal(notes, err)
	}
	got, notes, err := definition.Decode(read("testdata/full.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, like); diff != "" {
		t.Error(diff)
	}
	if len(notes) != 1 || !notes[0].Harmless || notes[0].Key != "dbId" {
		t.Errorf("notes = %+v", notes)
	}
}

func TestEachKeyGoesWhereItBelongs(t *testing.T) {
	for _, test := range []struct {
		extension string
		want      definition.Definition
	}{
		{`{}`, definition.Definition{}},
		{`{"info": {"id": "i", "orgId": "o", "name": "n"}}`, definition.Definition{APIID: "i", OrgID: "o", Name: "n"}},
		{`{"info": {"state": {"active": false, "internal": true}}}`, definition.Definition{Active: new(bool), Internal: true}},
		{`{"server": {"listenPath": {"value": "/x", "strip": true}}}`, definition.Definition{Proxy: definition.Proxy{ListenPath: "/x", StripListenPath: true}}},
		{`{"upstream": {"url": "http://u"}}`, definition.Definition{Proxy: definition.Proxy{TargetURL: "http://u"}}},
		{`{"upstream": {"preserveHostHeader": {"enabled": true}}}`, definition.Definition{Proxy: definition.Proxy{PreserveHost: true}}},
		{`{"upstream": {"preserveTrailingSlash": {"enabled": true}}}`, definition.Definition{Proxy: definition.Proxy{DisableStripSlash: true}}},
		{`{"upstream": {"tlsTransport": {"insecureSkipVerify": true}}}`, definition.Definition{Proxy: definition.Proxy{Transport: definition.Transport{InsecureSkipVerify: true}}}},
		{`{"upstream": {"proxy": {"enabled": false, "url": "http://p"}}}`, definition.Definition{}},
		{`{"upstream": {"rateLimit": {"enabled": true, "rate": 5, "per": "2s"}}}`, definition.Definition{GlobalRateLimit: definition.GlobalRateLimit{Rate: 5, Per: 2}}},
		{`{"server": {"customDomain": {"enabled": true, "name": "d"}}}`, definition.Definition{Domain: "d"}},
		{`{"server": {"protocol": "http", "port": 1}}`, definition.Definition{Protocol: "http", ListenPort: 1}},
		{`{"middleware": {"global": {"contextVariables": {"enabled": true}}}}`, definition.Definition{EnableContext: true}},
		{`{"middleware": {"global": {"pluginConfig": {"bundle": {"enabled": true, "path": "b"}}}}}`, definition.Definition{Bundle: "b"}},
		{`{"middleware": {"global": {"prePlugin": {"plugins": [{"enabled": true, "functionName": "f", "path": "p"}]}}}}`, definition.Definition{CustomMiddleware: definition.CustomMiddleware{Pre: []definition.HookEntry{{Name: "f", Path: "p"}}}}},
		{`{"middleware": {"global": {"postAuthenticationPlugin": {"plugins": [{"enabled": true, "functionName": "f"}]}}}}`, definition.Definition{CustomMiddleware: definition.CustomMiddleware{PostKeyAuth: []definition.HookEntry{{Name: "f"}}}}},
		{`{"middleware": {"global": {"postPlugin": {"plugins": [{"enabled": true, "functionName": "f"}]}}}}`, definition.Definition{CustomMiddleware: definition.CustomMiddleware{Post: []definition.HookEntry{{Name: "f"}}}}},
		{`{"middleware": {"global": {"responsePlugin": {"plugins": [{"functionName": "f"}]}}}}`, definition.Definition{CustomMiddleware: definition.CustomMiddleware{Response: []definition.HookEntry{{Name: "f", Disabled: true}}}}},
		{`{"server": {"authentication": {"customKeyLifetime": {"enabled": false, "value": "1h", "respectValidity": true}}}}`, definition.Definition{}},
	} {
		t.Run(test.extension, func(t *testing.T) {
			got, notes := decodeOAS(t, test.extension)
			if len(notes) > 0 {
				t.Errorf("notes = %+v", notes)
			}
			test.want.UseKeyless = true
			got.VersionData = definition.VersionData{}
			if diff := cmp.Diff(&test.want, got, like); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheNewFormOfPluginsIsPreferred(t *testing.T) {
	d, notes := decodeOAS(t, `{"middleware": {"global": {"prePlugins": [{"enabled": true, "functionName": "new"}], "prePlugin": {"plugins": [{"enabled": true, "functionName": "old"}]}}}}`)
	if len(d.CustomMiddleware.Pre) != 1 || d.CustomMiddleware.Pre[0].Name != "new" {
		t.Errorf("Pre = %+v", d.CustomMiddleware.Pre)
	}
	if len(notes) != 1 || notes[0].Path != "x-tyk-api-gateway.middleware.global.prePlugin" {
		t.Errorf("notes = %+v", notes)
	}
}

func TestKeyIsLookedForWhereTheSchemeSays(t *testing.T) {
	for _, test := range []struct {
		schemes string
		want    definition.Token
	}{
		{`{"key": {"enabled": true}}`, definition.Token{Name: "key", HeaderName: "X-Key"}},
		{`{"q": {"enabled": true}}`, definition.Token{Name: "q", DisableHeader: true, UseParam: true, ParamName: "k"}},
		{`{"c": {"enabled": true}}`, definition.Token{Name: "c", DisableHeader: true, UseCookie: true, CookieName: "k"}},
		{`{"key": {"enabled": true, "header": {"enabled": true, "name": "X-Mine"}}}`, definition.Token{Name: "key", HeaderName: "X-Mine"}},
		{`{"q": {"enabled": true, "header": {"enabled": true, "name": "X-Mine"}}}`, definition.Token{Name: "q", HeaderName: "X-Mine", UseParam: true, ParamName: "k"}},
	} {
		t.Run(test.schemes, func(t *testing.T) {
			d, notes := decodeOAS(t, `{"server": {"authentication": {"enabled": true, "securitySchemes": `+test.schemes+`}}}`)
			if len(notes) > 0 || !d.UseStandardAuth || d.UseKeyless {
				t.Errorf("notes = %+v, standard %v, keyless %v", notes, d.UseStandardAuth, d.UseKeyless)
			}
			if diff := cmp.Diff(test.want, d.Token(), like); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSchemeThatIsOffIsPassedOver(t *testing.T) {
	d, notes := decodeOAS(t, `{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": false}, "jwt": {}, "basic": null}}}}`)
	if len(notes) > 0 || d.UseStandardAuth || len(d.AuthConfigs) > 0 {
		t.Errorf("Decode() = %+v, %+v", d, notes)
	}
}

// opened lists the keys of the notes that refuse the API, in order.
func opened(notes []document.Note) []string {
	var keys []string
	for _, n := range notes {
		if n.Opens {
			keys = append(keys, n.Key)
		}
	}
	return keys
}

func TestWhatWouldOpenTheAPIIsMarked(t *testing.T) {
	for _, test := range []struct{ extension, want string }{
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"jwt": {"enabled": true, "source": "x"}}}}}`, "enable_jwt"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"basic": {"enabled": true}}}}}`, "use_basic_auth"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"oauth": {"enabled": true}}}}}`, "use_oauth2"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"oauth": {"enabled": true, "providers": []}}}}}`, "external_oauth"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"oidc": {"enabled": true}}}}}`, "use_openid"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"nowhere": {"enabled": true}}}}}`, "securitySchemes"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": true}, "q": {"enabled": true}}}}}`, "q"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": true, "enableClientCertificate": true}}}}}`, "use_certificate"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": true, "signatureValidation": {"enabled": true}}}}}}`, "validate_signature"},
		{`{"server": {"authentication": {"enabled": true, "hmac": {"enabled": true}}}}`, "enable_signature_checking"},
		{`{"server": {"authentication": {"enabled": true, "oidc": {"enabled": true}}}}`, "use_openid"},
		{`{"server": {"clientCertificates": {"enabled": true}}}`, "use_mutual_tls_auth"},
		{`{"server": {"ipAccessControl": {"enabled": true, "allow": ["10.0.0.1"]}}}`, "ipAccessControl"},
		{`{"info": {"expiration": "2020-01-01 00:00"}}`, "expiration"},
		{`{"upstream": {"certificatePinning": {"enabled": true}}}`, "certificatePinning"},
		{`{"upstream": {"tlsTransport": {"forceCommonNameCheck": true}}}`, "forceCommonNameCheck"},
		{`{"middleware": {"operations": {"op.a": {"validateRequest": {"enabled": true}}}}}`, "validateRequest"},
		{`{"middleware": {"operations": {"op.a": {"mockResponse": {"enabled": true}}}}}`, "mockResponse"},
		{`{"middleware": {"operations": {"opB": {"requestSizeLimit": {"enabled": true, "value": 1}}}}}`, "requestSizeLimit"},
		{`{"middleware": {"operations": {"opB": {"internal": {"enabled": true}}}}}`, "internal"},
		{`{"middleware": {"operations": {"opB": {"rateLimit": {"enabled": true}}}}}`, "rateLimit"},
		{`{"middleware": {"operations": {"opB": {"postPlugins": [{"enabled": false}, {"enabled": true, "functionName": "f"}]}}}}`, "postPlugins"},
	} {
		t.Run(test.extension, func(t *testing.T) {
			_, notes := decodeOAS(t, test.extension)
			if diff := cmp.Diff([]string{test.want}, opened(notes)); diff != "" {
				t.Error(diff)
			}
			off := strings.ReplaceAll(test.extension, `{"enabled": true`, `{"enabled": false`)
			if _, notes := decodeOAS(t, off); off != test.extension && len(opened(notes)) > 0 && test.want != "use_certificate" {
				t.Errorf("switched off: %+v", notes)
			}
		})
	}
}

func TestEveryKeyWithoutMeaningIsNotedInOrder(t *testing.T) {
	_, notes := decodeOAS(t, `{
  "info": {"versioning": {"enabled": true, "location": "header", "key": "v"}, "categories": ["a"]},
  "upstream": {"loadBalancing": {"enabled": true}, "serviceDiscovery": {"enabled": false}, "mutualTLS": {"enabled": true}},
  "server": {"gatewayTags": {"enabled": true}, "eventHandlers": [{"enabled": true, "type": "smoke", "trigger": "HostUp"}]},
  "middleware": {"global": {"cors": {"enabled": true}, "cache": {"enabled": false, "timeout": 5}},
    "operations": {"op.a": {"urlRewrite": {"enabled": true}, "fancy": {"enabled": true}}, "lost": {"block": {"enabled": true}}}},
  "wings": 2
}`)
	var got []string
	for _, n := range notes {
		if n.Opens {
			t.Errorf("%s opens", n.Path)
		}
		got = append(got, strings.TrimPrefix(n.Path, definition.Extension+"."))
	}
	want := []string{
		"info.versioning", "info.categories", "upstream.loadBalancing", "upstream.mutualTLS", "server.gatewayTags", "server.eventHandlers[0]",
		"middleware.global.cors", "middleware.operations.op.a.urlRewrite", "middleware.operations.op.a.fancy", "middleware.operations.lost", "wings",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLongerPathsComeFirst(t *testing.T) {
	d, _ := decodeOAS(t, `{"middleware": {"operations": {"op.a": {"block": {"enabled": true}}, "opB": {"block": {"enabled": true}}}}}`)
	var got []string
	for _, e := range d.VersionData.Versions["Default"].ExtendedPaths.BlackList {
		got = append(got, e.Method+" "+e.Path)
	}
	if diff := cmp.Diff([]string{"POST /a/b", "GET /a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheSchemeTheDocumentAsksForIsTheKey(t *testing.T) {
	text := strings.Replace(document1(`{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": true}, "q": {"enabled": true}}}}}`), "{", `{"security": [{"q": []}], `, 1)
	d, notes, err := definition.Decode(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if d.Token().Name != "q" || len(opened(notes)) != 1 || opened(notes)[0] != "key" {
		t.Errorf("Token() = %+v, notes %+v", d.Token(), notes)
	}
}

func TestWrongValuesAreReportedWithTheirPlace(t *testing.T) {
	for _, test := range []struct{ extension, want string }{
		{`[]`, "x-tyk-api-gateway must be an object, not a list"},
		{`{"info": {"name": 7}}`, "x-tyk-api-gateway.info.name must be a string, not a number"},
		{`{"upstream": {"rateLimit": {"enabled": true, "per": "soon"}}}`, "x-tyk-api-gateway.upstream.rateLimit.per must be a duration such as 1h30m or 10s"},
		{`{"server": {"authentication": {"customKeyLifetime": {"enabled": true, "value": 5}}}}`, "customKeyLifetime.value must be a duration"},
		{`{"middleware": {"global": {"pluginConfig": {"data": {"enabled": true, "value": []}}}}}`, "data.value must be an object, not a list"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": 1}}}}`, "securitySchemes.key must be an object, not a number"},
		{`{"server": {"authentication": {"enabled": true, "securitySchemes": {"key": {"enabled": true, "header": 1}}}}}`, "securitySchemes.key.header must be an object, not a number"},
	} {
		t.Run(test.extension, func(t *testing.T) {
			_, _, err := definition.Decode(parse(t, document1(test.extension)))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "oas.json:5:") {
				t.Errorf("Decode() = %v, want %s", err, test.want)
			}
		})
	}
	if _, _, err := definition.Decode(parse(t, `{"openapi": "3.0.3"}`)); err == nil {
		t.Error("a document without the extension is taken")
	}
}

func FuzzDecode(f *testing.F) {
	full, err := os.ReadFile("testdata/full.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(`{}`)) // read as the classic format
	f.Add([]byte(document1(`{"middleware": {"operations": {"op.a": {"virtualEndpoint": null}}}, "server": {"eventHandlers": [null, {"type": "x"}]}}`)))
	f.Add([]byte(`{"security": [[]], "paths": [], "components": 1, "x-tyk-api-gateway": {"server": {"authentication": {"enabled": true, "securitySchemes": {"a": {"enabled": true}}}}}}`))
	f.Add([]byte(`{"paths": {"/": null}, "X-Tyk-API-Gateway": {"middleware": {"global": {"prePlugins": [], "PrePlugin": {"plugins": [{}]}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := document.Parse("f.json", data)
		if err != nil {
			return
		}
		d, notes, err := definition.Decode(v)
		if err != nil {
			if _, ok := err.(document.Mistakes); !ok {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		if n := len(d.VersionData.Versions); n != 1 && definition.FormatOf(v) == "oas" {
			t.Errorf("%d versions", n)
		}
		for _, n := range notes {
			if n.Path == "" || n.Text == "" || n.Opens && n.Key == "" {
				t.Errorf("%+v", n)
			}
		}
	})
}
