package jsvm_test

import (
	"os"
	"testing"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/underscore"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// BenchmarkHeaderHook is the header hook with everything a request costs on
// the processor, making the copy of its VM included.
func BenchmarkHeaderHook(b *testing.B) {
	script, err := os.ReadFile(headersJS)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, extra string }{
		{"without underscore", ""},
		{"with underscore", "\nvar used = _.VERSION;"},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := loadSpec(b, jsvm.Config{}, abi.Spec{Entry: "headers"}, string(script)+c.extra)
			x := exchange()
			x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("Authorization"), Value: []byte("Bearer acme.s")})
			b.ReportAllocs()
			for b.Loop() {
				must(b, p, x, abi.Pre)
			}
		})
	}
}

// BenchmarkPlainCopy is what the hook is compared with: one copy per request
// of a VM that has underscore, and nothing else.
func BenchmarkPlainCopy(b *testing.B) {
	vm := otto.New()
	if _, err := vm.Run(underscore.Source()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		vm.Copy()
	}
}
