package abi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// redirect sends a request to a tyk:// URL.
func redirect(x *abi.Exchange, url string) error {
	r, ok, err := object.ParseRedirect([]byte(url))
	if err == nil && !ok {
		err = abi.ErrRedirect
	}
	if err != nil {
		return err
	}
	return x.Redirect(r)
}

// target returns where a request goes on, as a tyk:// URL.
func target(x *abi.Exchange) string {
	r := x.Redirected()
	switch {
	case r == nil:
		return ""
	case r.Dispatch:
		return string(r.API)
	case len(r.API) == 0:
		return "tyk://self" + string(r.URI)
	}
	return "tyk://" + string(r.API) + string(r.URI)
}

func TestEnteringALoopForgetsTheReplyOnly(t *testing.T) {
	x := loaded()
	x.Begin(abi.Virtual, never)
	_ = x.SetMeta([]byte("colour"), []byte("red"))
	_ = x.SetHeader(abi.OfRequest, []byte("X-Role"), []byte("guest"))
	want := stateOf(x)
	_ = x.Reject(302, []byte("moved"))
	_ = x.SetHeader(abi.OfReply, []byte("Location"), []byte("tyk://self/"))
	_ = x.SetCause(abi.Cause{Event: abi.VersionFailure})
	_ = redirect(x, "tyk://self/")
	x.Commit(abi.Respond)

	l := abi.Loop{Depth: 1, Self: true}
	x.EnterLoop(l)
	if diff := cmp.Diff(want, stateOf(x)); diff != "" {
		t.Errorf("after EnterLoop (-want +got):\n%s", diff)
	}
	if x.Loop != l {
		t.Errorf("Loop = %+v, want %+v", x.Loop, l)
	}
	x.Reset()
	if x.Loop != (abi.Loop{}) {
		t.Errorf("Loop = %+v after Reset", x.Loop)
	}
}

func TestResetForgetsTheRedirect(t *testing.T) {
	x := loaded()
	x.Begin(abi.Pre, never)
	_ = redirect(x, "tyk://self/")
	_ = x.Reject(403, nil)
	_ = x.SetCause(abi.Cause{Event: abi.AuthFailure})
	x.Commit(abi.Respond)
	x.Reset()
	if x.Redirected() != nil || x.Rejected() || x.Cause().Event != "" {
		t.Errorf("Redirected() = %q, Rejected() = %v, Cause() = %v", target(x), x.Rejected(), x.Cause())
	}
}

func TestContinueForgetsTheCauseAndKeepsTheRedirect(t *testing.T) {
	x := loaded()
	x.Begin(abi.Pre, never)
	_ = x.SetCause(abi.Cause{Event: abi.AuthFailure})
	_ = x.Reject(403, nil)
	_ = redirect(x, "tyk://self/")
	x.Commit(abi.Continue)
	if x.Cause().Event != "" || x.Rejected() {
		t.Errorf("Cause() = %v, Rejected() = %v after continue", x.Cause(), x.Rejected())
	}
	if target(x) != "tyk://self/" {
		t.Errorf("Redirected() = %q", target(x))
	}
}

func TestScriptsForTykMayUseTheirStatusCodes(t *testing.T) {
	x := loaded()
	x.API = &abi.API{Dialect: dialect.New()}
	x.Begin(abi.Pre, never)
	for status, ok := range map[int]bool{199: false, 200: true, 600: true, 999: true, 1000: false} {
		if err := x.SetStatus(status); (err == nil) != ok {
			t.Errorf("SetStatus(%d) = %v, want allowed = %v", status, err, ok)
		}
	}
}

func TestOnlyChangesOfASessionAreUnsaved(t *testing.T) {
	s := &abi.Session{KeyID: "k"}
	for _, tt := range []struct {
		name string
		hook abi.Hook
		do   func(x *abi.Exchange) error
		want bool
	}{
		{"nothing", abi.Post, func(*abi.Exchange) error { return nil }, false},
		{"set", abi.Auth, func(x *abi.Exchange) error { return x.SetSession(s) }, true},
		{"found", abi.Auth, func(x *abi.Exchange) error { return x.UseSession(s) }, false},
		{"set, then found", abi.Auth, func(x *abi.Exchange) error { _ = x.SetSession(s); return x.UseSession(s) }, false},
		{"metadata", abi.Post, func(x *abi.Exchange) error { return x.SetMetadata(nil) }, true},
		{"refused", abi.Pre, func(x *abi.Exchange) error { _ = x.SetSession(s); return nil }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := loaded()
			x.Session = s
			x.Begin(tt.hook, never)
			if err := tt.do(x); err != nil {
				t.Fatal(err)
			}
			x.Commit(abi.Continue)
			if x.Unsaved() != tt.want {
				t.Errorf("Unsaved() = %v, want %v", x.Unsaved(), tt.want)
			}
			x.Begin(tt.hook, never)
			if x.Unsaved() {
				t.Error("the next call begins with a change")
			}
		})
	}
}
