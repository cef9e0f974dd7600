package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

var never time.Time

func TestSessionIsFoundByItsKeyUntilItIsDropped(t *testing.T) {
	m := store.NewMemory()
	want := &abi.Session{KeyID: "k1", Alias: "ann"}
	must(t, m.PutSession(never, []byte("secret"), want))

	if got, err := m.Session(never, []byte("secret")); got != want || err != nil {
		t.Errorf("Session() = %v, %v, want the session that was put", got, err)
	}
	if got, err := m.Session(never, []byte("secreT")); got != nil || err != nil {
		t.Errorf("Session() of another key = %v, %v, want nil", got, err)
	}
	must(t, m.DropSession(never, []byte("secret")))
	if got, _ := m.Session(never, []byte("secret")); got != nil {
		t.Errorf("Session() after DropSession() = %v, want nil", got)
	}
}

func TestSessionIsUpdatedByItsKeyID(t *testing.T) {
	m := store.NewMemory()
	must(t, m.PutSession(never, []byte("secret"), &abi.Session{KeyID: "k1", Alias: "ann"}))
	must(t, m.UpdateSession(never, &abi.Session{KeyID: "k1", Alias: "bob"}))
	if got, _ := m.Session(never, []byte("secret")); got.Alias != "bob" {
		t.Errorf("alias = %q, want that of the update", got.Alias)
	}
	must(t, m.PutSession(never, []byte("secret"), &abi.Session{KeyID: "k2", Alias: "cat"}))
	must(t, m.UpdateSession(never, &abi.Session{KeyID: "k1", Alias: "bob"}))
	if got, _ := m.Session(never, []byte("secret")); got.Alias != "cat" {
		t.Errorf("alias = %q: a name that is no longer the session's updates it", got.Alias)
	}
	must(t, m.DropSession(never, []byte("secret")))
	must(t, m.UpdateSession(never, &abi.Session{KeyID: "k2"}))
	for _, key := range []string{"secret", "k2"} {
		if got, _ := m.Session(never, []byte(key)); got != nil {
			t.Errorf("UpdateSession() brought a dropped session back under %s", key)
		}
	}
}

func TestANameIsThatOfTheLastSessionPut(t *testing.T) {
	m := store.NewMemory()
	must(t, m.PutSession(never, []byte("a"), &abi.Session{KeyID: "k"}))
	must(t, m.PutSession(never, []byte("b"), &abi.Session{KeyID: "k"}))
	must(t, m.DropSession(never, []byte("a")))
	must(t, m.UpdateSession(never, &abi.Session{KeyID: "k", Alias: "bob"}))
	if got, _ := m.Session(never, []byte("b")); got.Alias != "bob" {
		t.Errorf("alias = %q, want that of the update", got.Alias)
	}
}

func TestSessionWithoutAKeyIDGetsOneThatDoesNotShowTheKey(t *testing.T) {
	m := store.NewMemory()
	given := &abi.Session{Alias: "ann"}
	must(t, m.PutSession(never, []byte("secret"), given))

	got, _ := m.Session(never, []byte("secret"))
	if got.KeyID == "" || strings.Contains(got.KeyID, "secret") {
		t.Errorf("KeyID = %q, want a name that is not the key", got.KeyID)
	}
	if given.KeyID != "" {
		t.Error("PutSession() changed the session it was given")
	}
}

func TestEmptyKeyIsRefused(t *testing.T) {
	if err := store.NewMemory().PutSession(never, nil, &abi.Session{}); err == nil {
		t.Error("PutSession() with an empty key succeeded")
	}
}

func TestOpenTakesMemoryOnly(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"memory:", ""},
		{"memory:x", "store: memory: takes nothing after the colon"},
		{"file:/var/lib/keys.db", `store: file: is not available in this version; want "memory:"`},
		{"redis://127.0.0.1:6379/0", `store: redis: is not available in this version; want "memory:"`},
		{"etcd://x", `store: no store etcd:; want "memory:"`},
		{"memory", `store: "memory" is not a URL; want "memory:"`},
		{"", `store: "" is not a URL; want "memory:"`},
	} {
		t.Run(tt.url, func(t *testing.T) {
			s, err := store.Open(tt.url)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Open() error (-want +got):\n%s", diff)
			}
			if s != nil {
				must(t, s.Close())
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
