package wasm_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// goHeaders and goSoak build the guests of their names once.
var (
	goHeaders = sync.OnceValues(func() ([]byte, error) { return buildGo("../../examples/wasm-headers-go") })
	goSoak    = sync.OnceValues(func() ([]byte, error) { return buildGo("testdata/soak") })
)

func buildGo(dir string) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "sallyport")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	out := filepath.Join(tmp, "guest.wasm")
	if err := wasmtest.BuildGo(dir, out); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

func goSpec(t *testing.T, mode abi.Mode) abi.Spec {
	t.Helper()
	binary, err := goHeaders()
	if err != nil {
		t.Fatal(err)
	}
	s := spec(t, binary, mode, 2)
	s.Hooks = abi.SetOf(abi.Pre)
	return s
}

func TestTheGoExampleDoesWhatTheCExampleDoes(t *testing.T) {
	r := newRuntime(t, wasm.Config{})
	for _, mode := range modes() {
		t.Run(mode.String(), func(t *testing.T) {
			p := loadIn(t, r, goSpec(t, mode))
			c := loadIn(t, r, headersSpec(mode))
			for range 3 {
				compare(t, p, c, exchange(), exchange())
				anonymous, same := exchange(), exchange()
				anonymous.Request.Header, same.Request.Header = nil, nil
				compare(t, p, c, anonymous, same)
			}
		})
	}
}

// compare calls two plugins with equal exchanges.
func compare(t *testing.T, p, q abi.Plugin, x, y *abi.Exchange) {
	t.Helper()
	v, err := call(p, x, abi.Pre, long)
	w, errC := call(q, y, abi.Pre, long)
	if err != nil || errC != nil || v != w {
		t.Fatalf("Call() = %v, %v in Go and %v, %v in C", v, err, w, errC)
	}
	if got, want := describe(x), describe(y); got != want {
		t.Errorf("the Go example makes\n%s\nthe C example\n%s", got, want)
	}
}

func describe(x *abi.Exchange) string {
	var b strings.Builder
	for _, f := range x.Request.Header {
		b.WriteString(string(f.Name) + ": " + string(f.Value) + "\n")
	}
	b.Write(x.Reply.Body)
	return b.String()
}

// TestTheLinkerDropsImportsThatAreNotUsed is what the declaration of bodies in
// Go relies on.
func TestTheLinkerDropsImportsThatAreNotUsed(t *testing.T) {
	binary, err := goHeaders()
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntime(context.Background())
	defer r.Close(context.Background())
	code, err := r.CompileModule(context.Background(), binary)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, def := range code.ImportedFunctions() {
		if module, name, _ := def.Import(); module == "sallyport" {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	want := []string{"header_del", "header_get", "header_set", "reply_answer"}
	if !slices.Equal(got, want) {
		t.Errorf("the Go example imports %v, want %v", got, want)
	}
}
