package app

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func TestQuotaOfScriptsIsThatOfTheStore(t *testing.T) {
	st := store.NewMemory()
	ss := scriptSessions{st}
	key := []byte("k")
	put := func(s *abi.Session) {
		t.Helper()
		if err := ss.PutSession(time.Time{}, key, s); err != nil {
			t.Fatal(err)
		}
	}
	left := func(want int64) {
		t.Helper()
		s, err := ss.Session(time.Time{}, key)
		if err != nil || s.QuotaRemaining != want {
			t.Errorf("Session() = %+v, %v, want %d of the quota left", s, err, want)
		}
	}
	put(&abi.Session{KeyID: "k1", QuotaMax: 3, QuotaRemaining: 3, QuotaRenewalRate: 60})
	left(3)
	for range 5 {
		_, _, _ = st.Count(time.Time{}, "quota", "k1", time.Minute)
	}
	left(0)
	put(&abi.Session{KeyID: "k1", QuotaMax: 3, QuotaRemaining: 0, QuotaRenewalRate: 60})
	left(0)
	put(&abi.Session{KeyID: "k1", QuotaMax: 3, QuotaRemaining: 3, QuotaRenewalRate: 60})
	left(3)
	if s, err := ss.Session(time.Time{}, []byte("nobody")); s != nil || err != nil {
		t.Errorf("session of nobody = %v, %v", s, err)
	}
}
