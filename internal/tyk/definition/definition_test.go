package definition_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

func decode(t *testing.T, text string) (*definition.Definition, []document.Note, error) {
	t.Helper()
	v, err := document.Parse("api.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return definition.Decode(v)
}

func TestKeysMatchInAnyCase(t *testing.T) {
	d, notes, err := decode(t, `{"Name":"a","PROXY":{"Listen_Path":"/a/"}}`)
	if err != nil || len(notes) > 0 {
		t.Fatalf("Decode() = %v, %v", notes, err)
	}
	if d.Name != "a" || d.Proxy.ListenPath != "/a/" {
		t.Errorf("Decode() = %+v", d)
	}
}

func TestEveryKeyWithoutMeaningIsNoted(t *testing.T) {
	_, notes, err := decode(t, `{
  "name": "a",
  "wings": 2,
  "enable_jwt": true,
  "use_openid": false,
  "cache_options": {"enable_cache": true},
  "CORS": {"enable": false, "max_age": 24},
  "id": "5e9d9544a1dcd60001d0ed20",
  "auth_configs": {"oidc": {"use_certificate": true}},
  "version_data": {"versions": {"v1.0": {"extended_paths": {"size_limits": [{"path": "/x"}]}}}}
}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range notes {
		line := n.Pos.String() + " " + n.Path
		if n.Opens {
			line += " opens " + n.Key
		}
		if n.Harmless {
			line += " harmless"
		}
		got = append(got, line)
	}
	want := []string{
		"api.json:3:3 wings",
		"api.json:4:3 enable_jwt opens enable_jwt",
		"api.json:6:3 cache_options",
		"api.json:8:3 id harmless",
		"api.json:9:29 auth_configs.oidc.use_certificate opens use_certificate",
		"api.json:10:61 version_data.versions.v1.0.extended_paths.size_limits opens size_limits",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOtherWaysToAuthenticateDoNotMatterOnAKeylessAPI(t *testing.T) {
	_, notes, err := decode(t, `{"use_keyless": true, "enable_jwt": true}`)
	if err != nil || len(notes) > 0 {
		t.Errorf("Decode() = %v, %v, want nothing", notes, err)
	}
	_, notes = decodeOAS(t, `{"server": {"authentication": {"enabled": false, "hmac": {"enabled": true}, "securitySchemes": {"jwt": {"enabled": true}}}}}`)
	if len(notes) > 0 {
		t.Errorf("notes = %+v", notes)
	}
}

func TestWrongTypesAreAllReportedWithTheirPlace(t *testing.T) {
	_, _, err := decode(t, "{\"name\": 7,\n \"proxy\": {\"listen_path\": [\"/\"]},\n \"custom_middleware\": {\"pre\": {\"name\": \"x\"}},\n \"session_lifetime\": 1.5}")
	if err == nil {
		t.Fatal("Decode() took values of a wrong type")
	}
	want := []string{
		"api.json:1:10: name must be a string, not a number",
		"api.json:2:27: proxy.listen_path must be a string, not a list",
		"api.json:3:31: custom_middleware.pre must be a list, not an object",
		"api.json:4:22: session_lifetime must be a whole number, not 1.5",
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestPlacesOfHooksAreKept(t *testing.T) {
	d, _, err := decode(t, "{\"custom_middleware\": {\"pre\": [\n  {\"name\": \"x\"}]}}")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.CustomMiddleware.Pre[0].Pos.String(); got != "api.json:2:3" {
		t.Errorf("Pos = %s", got)
	}
}

func TestWhatIsDisabledAsksForNothing(t *testing.T) {
	const entry = `{"path": "/x", "size_limit": 1, "disabled": true}`
	for list, refused := range map[string]bool{
		"[" + entry + "]":                          false,
		"[" + entry + `, {"path": "/y"}]`:          true,
		`[{"path": "/y", "disabled": false}]`:      true,
		`[{"path": "/y", "disabled": "a string"}]`: true,
	} {
		for _, key := range []string{"validate_json", "size_limits", "mock_response"} {
			_, notes, err := decode(t, `{"version_data": {"versions": {"a": {"extended_paths": {"`+key+`": `+list+`}}}}}`)
			if err != nil || (len(notes) == 1 && notes[0].Opens) != refused {
				t.Errorf("%s %s: Decode() = %+v, %v, want refused: %v", key, list, notes, err, refused)
			}
		}
	}
}
