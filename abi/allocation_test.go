//go:build !race

package abi_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
)

var (
	tenantName    = []byte("X-Tenant")
	tenantValue   = []byte("acme")
	roleName      = []byte("X-Role")
	debugName     = []byte("X-Debug")
	redirectValue = abi.Redirect{API: []byte("other"), URI: []byte("/a"), Method: []byte("PUT")}
	bodyValue     = []byte(`{"total":12}`)
)

// threeEdits is what a common plugin does.
func threeEdits(x *abi.Exchange) {
	_ = x.SetHeader(abi.OfRequest, tenantName, tenantValue)
	_ = x.SetHeader(abi.OfRequest, roleName, tenantValue)
	_ = x.DelHeader(abi.OfRequest, debugName)
}

// everyEdit touches every part that can be touched without a session.
func everyEdit(x *abi.Exchange) {
	threeEdits(x)
	_ = x.AddHeader(abi.OfRequest, roleName, tenantValue)
	_ = x.SetMethod(method)
	_ = x.SetURI(uri)
	_ = x.SetHost(host)
	_ = x.SetBody(abi.OfRequest, bodyValue)
	_ = x.SetMeta(roleName, tenantValue)
	_ = x.Redirect(redirectValue)
	_ = x.SetCause(abi.Cause{Event: abi.AuthFailure, Message: "no", Key: tenantValue})
	_ = x.Reject(400, bodyValue)
	_ = x.Answer(200, bodyValue)
	_ = x.SetHeader(abi.OfReply, tenantName, tenantValue)
}

func TestExchangeDoesNotAllocateOnceWarm(t *testing.T) {
	var x abi.Exchange
	for _, tt := range []struct {
		name string
		do   func()
	}{
		{"no edits", func() { x.Begin(abi.Pre, never); x.Commit(abi.Continue) }},
		{"three edits, commit", func() { x.Begin(abi.Pre, never); threeEdits(&x); x.Commit(abi.Continue) }},
		{"three edits, discard", func() { x.Begin(abi.Pre, never); threeEdits(&x); x.Discard() }},
		{"every edit, commit", func() { x.Begin(abi.Pre, never); everyEdit(&x); x.Commit(abi.Respond) }},
		{"every edit, continue", func() { x.Begin(abi.Pre, never); everyEdit(&x); x.Commit(abi.Continue) }},
		{"every edit, discard", func() { x.Begin(abi.Pre, never); everyEdit(&x); x.Discard() }},
		{"refused edit", func() {
			x.Begin(abi.Pre, never)
			_ = x.SetHeader(abi.OfRequest, tenantName, []byte{'\n'})
			x.Discard()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := testing.AllocsPerRun(100, func() {
				load(&x)
				tt.do()
			})
			if n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}

func BenchmarkThreeEdits(b *testing.B) {
	var x abi.Exchange
	b.ReportAllocs()
	for b.Loop() {
		load(&x)
		x.Begin(abi.Pre, never)
		threeEdits(&x)
		x.Commit(abi.Continue)
	}
}
