package abi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestHookNamesReadBack(t *testing.T) {
	n := 0
	for h := range abi.AllHooks.All() {
		if got, ok := abi.ParseHook(h.String()); got != h || !ok {
			t.Errorf("ParseHook(%q) = %v, %v", h, got, ok)
		}
		n++
	}
	if n != abi.HookCount {
		t.Errorf("%d hooks, want %d", n, abi.HookCount)
	}
	for _, name := range []string{"", "Pre", "unknown", "post "} {
		if h, ok := abi.ParseHook(name); ok {
			t.Errorf("ParseHook(%q) = %v", name, h)
		}
	}
}

func TestHookSetHoldsWhatItWasMadeOf(t *testing.T) {
	s := abi.SetOf(abi.Response, abi.Pre)
	if !s.Has(abi.Pre) || !s.Has(abi.Response) || s.Has(abi.Auth) {
		t.Errorf("SetOf(response, pre) = %v", s)
	}
	if got := s.String(); got != "pre, response" {
		t.Errorf("String() = %q, want the order of the hooks", got)
	}
	for range s.All() {
		break // an iterator must be able to end early
	}
	if got := abi.HookSet(0).String(); got != "" {
		t.Errorf("String() of the empty set = %q", got)
	}
}

func TestUnknownValuesHaveANameToo(t *testing.T) {
	for _, s := range []fmt.Stringer{abi.Hook(200), abi.Kind(200), abi.Verdict(200)} {
		if s.String() != "unknown" {
			t.Errorf("%T = %q, want unknown", s, s)
		}
	}
	if abi.Continue.String() != "continue" || abi.Respond.String() != "respond" ||
		abi.Fresh.String() != "fresh" || abi.Pooled.String() != "pooled" {
		t.Error("a verdict or mode has a wrong name")
	}
}

func TestKindsHaveAStatus(t *testing.T) {
	for kind, want := range map[abi.Kind]int{
		abi.Trap: 500, abi.Timeout: 504, abi.Limit: 500, abi.Protocol: 500,
		abi.Gone: 500, abi.Busy: 503, abi.Unavailable: 503, abi.Refused: 500, abi.Cancelled: 499,
	} {
		if got := kind.Status(); got != want {
			t.Errorf("%v.Status() = %d, want %d", kind, got, want)
		}
	}
}

func TestKindIsFoundInAWrappedError(t *testing.T) {
	cause := errors.New("connection refused")
	err := fmt.Errorf("plugin x: %w", abi.Errorf(abi.Unavailable, "store: %w", cause))
	if got := abi.KindOf(err); got != abi.Unavailable {
		t.Errorf("KindOf() = %v, want unavailable", got)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got := err.Error(); got != "plugin x: unavailable: store: connection refused" {
		t.Errorf("Error() = %q", got)
	}
	if got := abi.KindOf(cause); got != abi.Trap {
		t.Errorf("KindOf() of a foreign error = %v, want trap", got)
	}
}
