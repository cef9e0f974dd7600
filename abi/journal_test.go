package abi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

// edit is one edit of an exchange and the part it touches.
type edit struct {
	name    string
	part    abi.Part
	request bool // legal in the request hooks only
	do      func(x *abi.Exchange)
}

func edits() []edit {
	b := func(s string) []byte { return []byte(s) }
	return []edit{
		{"set request header", abi.RequestHeader, true, func(x *abi.Exchange) { _ = x.SetHeader(abi.OfRequest, b("X-Role"), b("guest")) }},
		{"add request header", abi.RequestHeader, true, func(x *abi.Exchange) { _ = x.AddHeader(abi.OfRequest, b("X-Role"), b("guest")) }},
		{"delete request header", abi.RequestHeader, true, func(x *abi.Exchange) { _ = x.DelHeader(abi.OfRequest, b("X-Role")) }},
		{"method", abi.RequestMethod, true, func(x *abi.Exchange) { _ = x.SetMethod(b("PUT")) }},
		{"target", abi.RequestURI, true, func(x *abi.Exchange) { _ = x.SetURI(b("/v2")) }},
		{"host", abi.RequestHost, true, func(x *abi.Exchange) { _ = x.SetHost(b("internal")) }},
		{"request body", abi.RequestBody, true, func(x *abi.Exchange) { _ = x.SetBody(abi.OfRequest, b("new")) }},
		{"session", abi.SessionPart, true, func(x *abi.Exchange) { _ = x.SetSession(&abi.Session{KeyID: "k9"}) }},
		{"meta", abi.MetaPart, false, func(x *abi.Exchange) { _ = x.SetMeta(b("colour"), b("red")) }},
		{"status", abi.ReplyStatus, false, func(x *abi.Exchange) { _ = x.SetStatus(503) }},
		{"set reply header", abi.ReplyHeader, false, func(x *abi.Exchange) { _ = x.SetHeader(abi.OfReply, b("Set-Cookie"), b("c")) }},
		{"delete reply header", abi.ReplyHeader, false, func(x *abi.Exchange) { _ = x.DelHeader(abi.OfReply, b("Set-Cookie")) }},
		{"reply body", abi.ReplyBody, false, func(x *abi.Exchange) { _ = x.SetBody(abi.OfReply, b("new")) }},
		{"redirect", abi.RedirectPart, true, func(x *abi.Exchange) { _ = redirect(x, "tyk://self/v2") }},
		{"dispatch", abi.RedirectPart, true, func(x *abi.Exchange) { _ = x.Dispatch(b("other api")) }},
		{"cause", abi.CausePart, true, func(x *abi.Exchange) { _ = x.SetCause(abi.Cause{Event: abi.KeyExpired}) }},
		{"reject", abi.ReplyStatus | abi.ReplyHeader | abi.ReplyBody | abi.FinalPart, false, func(x *abi.Exchange) { _ = x.Reject(418, b("tea")) }},
		{"answer", abi.ReplyStatus | abi.ReplyHeader | abi.ReplyBody, false, func(x *abi.Exchange) { _ = x.Answer(418, b("tea")) }},
	}
}

func TestDiscardTakesEveryEditBack(t *testing.T) {
	for _, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			x := loaded()
			reply(x)
			before := stateOf(x)
			x.Begin(abi.Auth, never)
			e.do(x)
			if cmp.Equal(before, stateOf(x)) {
				t.Fatal("the plugin does not see its own edit")
			}
			if x.Touched() != e.part {
				t.Errorf("Touched() = %b, want %b", x.Touched(), e.part)
			}
			x.Discard()
			if diff := cmp.Diff(before, stateOf(x)); diff != "" {
				t.Errorf("after Discard (-want +got):\n%s", diff)
			}
			if x.Edited(^abi.Part(0)) || x.Touched() != 0 {
				t.Error("a discarded edit counts as one")
			}
		})
	}
}

func TestCommitKeepsEveryEdit(t *testing.T) {
	for _, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			x := loaded()
			reply(x)
			x.Begin(abi.Auth, never)
			e.do(x)
			want := stateOf(x)
			x.Commit(abi.Respond)
			if diff := cmp.Diff(want, stateOf(x)); diff != "" {
				t.Errorf("after Commit (-want +got):\n%s", diff)
			}
			if !x.Edited(e.part) || x.Edited(^e.part) || x.Touched() != 0 {
				t.Errorf("Edited() is not exactly %b", e.part)
			}

			x.Begin(abi.Auth, never)
			e.do(x)
			x.Discard()
			if diff := cmp.Diff(want, stateOf(x)); diff != "" {
				t.Errorf("a later Discard reached an earlier call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiscardTakesManyEditsOfOnePartBack(t *testing.T) {
	x := loaded()
	reply(x)
	before := stateOf(x)
	x.Begin(abi.Auth, never)
	for range 3 {
		for _, e := range edits() {
			e.do(x)
		}
	}
	x.Discard()
	if diff := cmp.Diff(before, stateOf(x)); diff != "" {
		t.Errorf("after Discard (-want +got):\n%s", diff)
	}
}

func TestContinueDropsTheReplyBeforeThereIsOne(t *testing.T) {
	for h := range abi.AllHooks.All() {
		if h == abi.Event {
			continue
		}
		t.Run(h.String(), func(t *testing.T) {
			x := loaded()
			x.Begin(h, never)
			_ = x.Answer(418, []byte("tea"))
			_ = x.SetMeta([]byte("colour"), []byte("red"))
			x.Commit(abi.Continue)

			kept := x.Reply.Status == 418 && string(x.Reply.Body) == "tea" && x.Edited(abi.ReplyBody)
			if want := !h.BeforeReply(); kept != want {
				t.Errorf("the reply is kept = %v, want %v", kept, want)
			}
			if _, ok := x.Meta.Get([]byte("colour")); !ok {
				t.Error("the metadata is dropped too")
			}
		})
	}
}

func TestStreamedBodyComesBackWithDiscard(t *testing.T) {
	x := loaded()
	x.Begin(abi.Pre, never)
	_ = x.SetBody(abi.OfRequest, nil)
	if x.Request.Streamed || x.Request.Body == nil {
		t.Error("an empty body is not the plugin's body")
	}
	x.Discard()
	if !x.Request.Streamed || x.Request.Body != nil {
		t.Error("the streamed body is lost")
	}
}

func TestEditsKeepCopies(t *testing.T) {
	x := loaded()
	x.Begin(abi.Pre, never)
	b := []byte("before")
	_ = x.SetHeader(abi.OfRequest, b, b)
	_ = x.SetMeta(b, b)
	_ = x.SetBody(abi.OfRequest, b)
	_ = x.SetMethod(b)
	copy(b, "after!")
	x.Commit(abi.Continue)
	got := stateOf(x)
	if got.Header[4] != "before: before" || got.Meta[0] != "before: before" || got.Body != "before" || got.Method != "before" {
		t.Errorf("an edit points to the caller's bytes: %+v", got)
	}
}

func TestMetadataOfASharedSessionIsNotChanged(t *testing.T) {
	shared := &abi.Session{KeyID: "k1", Metadata: map[string]any{"plan": "gold"}}
	x := loaded()
	x.Session = shared
	x.Begin(abi.Post, never)
	if err := x.SetMetadata(map[string]any{"plan": "free"}); err != nil {
		t.Fatal(err)
	}
	if x.Session.Metadata["plan"] != "free" || x.Session.KeyID != "k1" {
		t.Errorf("session = %+v, want the new metadata", x.Session)
	}
	if shared.Metadata["plan"] != "gold" {
		t.Error("the shared session changed")
	}
	x.Discard()
	if x.Session != shared {
		t.Error("Discard() did not bring the shared session back")
	}
}
