package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func TestKeyFileIsLoaded(t *testing.T) {
	m := store.NewMemory()
	n, err := loadKeys(m, keyFile(t, `[
		{"key": "a", "session": {"key_id": "k1", "rate": 10, "per": 60, "meta_data": {"plan": "gold"}, "access_rights": {}}},
		{"key": "b", "session": {"key_id": "k2", "is_inactive": true, "expires": 1700000000}}
	]`))
	if n != 2 || err != nil {
		t.Fatalf("loadKeys() = %d, %v, want 2", n, err)
	}
	got, _ := m.Session(never, []byte("a"))
	want := &abi.Session{KeyID: "k1", Rate: 10, Per: 60, Metadata: map[string]any{"plan": "gold"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// A session as Tyk's API writes it, with members that mean nothing here.
func TestKeyFileHoldsSessionsOfTyk(t *testing.T) {
	m := store.NewMemory()
	_, err := loadKeys(m, keyFile(t, `[{"key": "acme0123", "session": {
		"last_check": 0, "allowance": 1000.5, "rate": 1000, "per": 60, "throttle_interval": -1, "expires": 0, "quota_max": 10,
		"quota_renews": 1700000000, "quota_remaining": 9, "quota_renewal_rate": 3600, "org_id": "acme", "tags": null,
		"access_rights": {"orders": {"api_name": "Orders", "api_id": "orders", "versions": ["Default"], "allowed_urls": null,
			"limit": {"rate": 5, "per": 1}, "allowance_scope": "x"}},
		"basic_auth_data": {"password": "", "hash_type": ""}, "monitor": {"trigger_limits": null}, "hmac_enabled": false,
		"is_inactive": false, "apply_policies": ["p1"], "meta_data": {"n": 1, "l": ["a"]}, "alias": "ann",
		"last_updated": "1700000000", "id_extractor_deadline": 5, "session_lifetime": 0}}]`))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := m.Session(never, []byte("acme0123"))
	rights := got.AccessRights["orders"]
	if got.Rate != 1000 || got.QuotaMax != 10 || got.OrgID != "acme" || got.ExtractorDeadline != 5 || rights.APIName != "Orders" {
		t.Errorf("session = %+v", got)
	}
	if diff := cmp.Diff(map[string]any{"n": 1.0, "l": []any{"a"}}, got.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if !strings.Contains(string(got.Extra), `"allowance":1000.5`) || !strings.Contains(string(rights.Extra), `"allowance_scope":"x"`) {
		t.Errorf("what has no field is lost: %s, %s", got.Extra, rights.Extra)
	}
}

func TestKeyFileMistakesNameFileAndEntry(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"no JSON", "[\n  {\"key\": \"s3cret\",}\n]", `KEYS:2:20: invalid character '}' looking for beginning of object key string`},
		{"cut off", `[{"key": "s3cret"`, "KEYS:1:17: unexpected end of JSON input"},
		{"empty file", "", "KEYS:1:1: unexpected end of JSON input"},
		{"no array", `{"key": "s3cret", "session": {}}`, "KEYS: want a JSON array of objects with key and session"},
		{"no object", `["s3cret"]`, "KEYS: entry 1: want an object with key and session"},
		{"no key", `[{"session": {}}]`, "KEYS: entry 1: key is missing, empty or not a string"},
		{"empty key", `[{"key": "", "session": {}}]`, "KEYS: entry 1: key is missing, empty or not a string"},
		{"no session", `[{"key": "s3cret"}]`, "KEYS: entry 1: session is missing or not an object"},
		{"null session", `[{"key": "s3cret", "session": null}]`, "KEYS: entry 1: session is missing or not an object"},
		{"field type", `[{"key": "s3cret", "session": {"rate": "10"}}]`, "KEYS: entry 1: session: field rate cannot be a string"},
		{"field name", `[{"key": "s3cret", "sesion": {}}]`, `KEYS: entry 1: unknown field "sesion"; want key and session`},
		{
			"all at once",
			`[{"key": "s3cret", "session": {}}, {"session": {}}, {"key": "s3cret", "session": {}}]`,
			"KEYS: entry 2: key is missing, empty or not a string\nKEYS: entry 3: has the same key as entry 1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := store.NewMemory()
			path := keyFile(t, tt.file)
			n, err := loadKeys(m, path)
			if n != 0 || err == nil {
				t.Fatalf("loadKeys() = %d, %v, want an error", n, err)
			}
			got := strings.ReplaceAll(err.Error(), path, "KEYS")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("loadKeys() error (-want +got):\n%s", diff)
			}
			if strings.Contains(got, "s3cret") {
				t.Error("the error shows a key")
			}
			if s, _ := m.Session(never, []byte("s3cret")); s != nil {
				t.Error("a broken file left a session behind")
			}
		})
	}
}

func TestMissingKeyFileIsNamed(t *testing.T) {
	_, err := loadKeys(store.NewMemory(), filepath.Join(t.TempDir(), "keys.json"))
	if err == nil || !strings.Contains(err.Error(), "keys.json") {
		t.Errorf("loadKeys() = %v, want an error that names the file", err)
	}
}

func keyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(`[{"key": "a", "session": {"rate": 1}}]`))
	f.Add([]byte(`[{"key": 1}]`))
	f.Add([]byte("[\n,"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "keys.json")
		must(t, os.WriteFile(path, data, 0o600))
		if n, err := loadKeys(store.NewMemory(), path); err != nil && n != 0 {
			t.Errorf("loadKeys() = %d, %v, want all or nothing", n, err)
		}
	})
}

// loadKeys puts the keys of a file into a store and returns how many there are.
func loadKeys(s store.Sessions, path string) (int, error) {
	f, err := store.ReadKeys(path)
	if err != nil {
		return 0, err
	}
	return f.Len(), f.Apply(s, nil)
}

func TestALaterKeyFileTakesKeysAway(t *testing.T) {
	m := store.NewMemory()
	first, err := store.ReadKeys(keyFile(t, `[{"key": "stays", "session": {"alias": "a"}}, {"key": "goes", "session": {"alias": "b"}}]`))
	if err != nil {
		t.Fatal(err)
	}
	later, err := store.ReadKeys(keyFile(t, `[{"key": "stays", "session": {"alias": "c"}}, {"key": "comes", "session": {}}]`))
	if err != nil {
		t.Fatal(err)
	}
	own := &abi.Session{KeyID: "own"}
	for _, err := range []error{m.PutSession(time.Time{}, []byte("by a plugin"), own), first.Apply(m, nil), later.Apply(m, first)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]bool{"stays": true, "goes": false, "comes": true, "by a plugin": true} {
		s, err := m.Session(time.Time{}, []byte(key))
		if err != nil || (s != nil) != want {
			t.Errorf("Session(%s) = %v, %v, want one: %v", key, s, err, want)
		}
		if key == "stays" && s != nil && s.Alias != "c" {
			t.Errorf("the session is still that of the first file: %q", s.Alias)
		}
	}
	if err := (*store.KeyFile)(nil).Apply(m, later); err != nil {
		t.Fatal(err)
	}
	if s, err := m.Session(time.Time{}, []byte("stays")); s != nil || err != nil {
		t.Errorf("Session() = %v, %v after the file was taken away", s, err)
	}
}
