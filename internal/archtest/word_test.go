package archtest_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// neutral are the packages that know nothing of the gateways whose APIs this
// one takes over. What differs for such an API is a value, abi.Dialect.
var neutral = []string{
	"abi", "proxy", "proxy/chain", "proxy/h1", "proxy/ingress", "proxy/upstream", "proxy/urlpath",
	"runtime/builtin", "runtime/coproc", "runtime/coproc/rpc",
}

func TestTheHouseHasNoWordOfAnotherGateway(t *testing.T) {
	for _, dir := range neutral {
		files, err := os.ReadDir(filepath.Join("..", "..", dir))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := path.Join(dir, f.Name())
			source := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
			if source || slices.Contains([]string{".md", ".json"}, path.Ext(name)) {
				checkWord(t, name)
			}
		}
	}
}

func checkWord(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.ToLower(text), []byte{'\n'}) {
		if bytes.Contains(line, []byte("tyk")) {
			t.Errorf("%s:%d has a word of another gateway: hand it in with abi.Dialect", name, i+1)
		}
	}
}
