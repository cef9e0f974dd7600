package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func TestHashedStoreKnowsNoNameOfAKey(t *testing.T) {
	inner := store.NewMemory()
	s := store.HashKeys(inner)
	given := &abi.Session{KeyID: "s3cret", Alias: "ann"}
	must(t, s.PutSession(never, []byte("s3cret"), given))
	must(t, s.PutSession(never, []byte("other"), &abi.Session{}))
	must(t, s.PutSession(never, []byte("third"), &abi.Session{KeyID: "k3"}))

	for key, want := range map[string]string{"s3cret": "sha256:", "other": "sha256:", "third": "k3"} {
		got, err := s.Session(never, []byte(key))
		if err != nil || got == nil || !strings.HasPrefix(got.KeyID, want) || strings.Contains(got.KeyID, key) {
			t.Errorf("session of %s = %+v, %v, want a key id that begins with %s", key, got, err, want)
		}
	}
	if given.KeyID != "s3cret" {
		t.Error("PutSession() changed the session it was given")
	}
	must(t, s.UpdateSession(never, &abi.Session{KeyID: "s3cret", Alias: "bob"}))
	if got, _ := s.Session(never, []byte("s3cret")); got.Alias != "bob" || !strings.HasPrefix(got.KeyID, "sha256:") {
		t.Errorf("session after UpdateSession() = %+v", got)
	}
	must(t, s.DropSession(never, []byte("s3cret")))
	if got, _ := s.Session(never, []byte("s3cret")); got != nil {
		t.Error("a dropped session is still there")
	}
	must(t, s.Close())
}

func TestHashedStoreCountsByTheHash(t *testing.T) {
	inner := store.NewMemory()
	s := store.HashKeys(inner)
	must(t, s.PutSession(never, []byte("s3cret"), &abi.Session{}))
	stored, _ := s.Session(never, []byte("s3cret"))
	for i, id := range []string{"s3cret", stored.KeyID, "s3cret"} {
		n, _, err := s.Count(never, "rate", id, time.Hour)
		if n != int64(i+1) || err != nil {
			t.Errorf("Count() number %d by %s = %d, %v", i+1, id, n, err)
		}
	}
	if n, _, _ := inner.Peek(never, "rate", "s3cret"); n != 0 {
		t.Error("the store inside knows the name of the key")
	}
	if n, _, _ := s.Peek(never, "rate", "s3cret"); n != 3 {
		t.Errorf("Peek() = %d, want 3", n)
	}
	must(t, s.Forget(never, "rate", stored.KeyID))
	if n, _, _ := s.Peek(never, "rate", "s3cret"); n != 0 {
		t.Errorf("Peek() after Forget() = %d, want 0", n)
	}
}
