package rpc_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

func TestTheSchemaHasTheMembersThatProcessesGet(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "abi", "coproc.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs struct {
			Session struct {
				Properties map[string]any `json:"properties"`
			} `json:"session"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range abi.SessionMembers() {
		switch {
		case m.Process == abi.Never:
		case m.Name == "meta_data":
			want = append(want, "metadata")
		default:
			want = append(want, m.Name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(schema.Defs.Session.Properties))); diff != "" {
		t.Errorf("members of a session (-table +schema):\n%s", diff)
	}
}
