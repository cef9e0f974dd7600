package wasm_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
)

// modes are the ways to keep instances.
func modes() []abi.Mode { return []abi.Mode{abi.Fresh, abi.Pooled} }

func TestHeaderHookEditsTheRequest(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode.String(), func(t *testing.T) {
			p := load(t, headersSpec(mode))
			for range 20 {
				x := exchange()
				v, err := call(p, x, abi.Pre, long)
				if v != abi.Continue || err != nil {
					t.Fatalf("Call() = %v, %v, want continue", v, err)
				}
				for name, want := range map[string]string{
					"X-Tenant": "acme", "X-Agent": "curl/8", "X-Debug": "(none)",
				} {
					if got := header(x, name); got != want {
						t.Errorf("%s = %q, want %q", name, got, want)
					}
				}
			}
		})
	}
}

func TestHeaderHookAnswersWithoutAuthorization(t *testing.T) {
	p := load(t, headersSpec(abi.Fresh))
	x := exchange()
	x.Request.Header = nil
	v, err := call(p, x, abi.Pre, long)
	if v != abi.Respond || err != nil || x.Reply.Status != 401 {
		t.Fatalf("Call() = %v, %v with status %d, want respond with 401", v, err, x.Reply.Status)
	}
}

func TestHeaderHookDeclaresPreWithoutBodies(t *testing.T) {
	p := load(t, headersSpec(abi.Fresh))
	want := abi.Declaration{Hooks: abi.SetOf(abi.Pre)}
	if got := p.Declares(); got != want {
		t.Errorf("Declares() = %+v, want %+v", got, want)
	}
}

func headersSpec(mode abi.Mode) abi.Spec {
	return abi.Spec{
		Name: "headers", Source: headers, Hooks: abi.SetOf(abi.Pre),
		Instances: abi.Instances{Mode: mode, Max: 4},
	}
}
