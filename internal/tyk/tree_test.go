package tyk_test

import (
	"strings"
	"testing"
)

// wantText imports an archive and looks for text in the configuration; not in
// it after an exclamation mark. A note, if it is not empty, must be there.
func wantText(t *testing.T, archive, note string, want ...string) {
	t.Helper()
	result, err := run(t, plant(t, archive), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		unwanted, not := strings.CutPrefix(w, "!")
		if strings.Contains(string(result.YAML), unwanted) == not {
			t.Errorf("want %q in:\n%s", w, result.YAML)
		}
	}
	if !strings.Contains(notes(result.Report), note) {
		t.Errorf("want %q in:\n%s", note, notes(result.Report))
	}
}

func TestADefinitionExportedFromTheDashboardIsImported(t *testing.T) {
	wantText(t, "-- apps/a.json --\n{\"hook_references\": [],\n \"api_definition\": {\"name\": \"A\", \"wings\": 1, "+keyless+"}}\n",
		"wings is not a key that is known", "name: A", "path: /a/")
	oas := `{"api_definition": {"openapi": "3.0.3", "x-tyk-api-gateway": {"info": {"name": "O"}, "upstream": {"url": "http://u"}, "server": {"listenPath": {"value": "/o/"}}}}}`
	wantText(t, "-- apps/o.json --\n"+oas+"\n", "", "name: O", "path: /o/")
	_, err := run(t, plant(t, "-- apps/a.json --\n{\n \"api_definition\": {\"enable_jwt\": true, "+proxy+"}}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "apps/a.json:2:21: enable_jwt") {
		t.Errorf("Import() = %v, want the place in the file", err)
	}
}
