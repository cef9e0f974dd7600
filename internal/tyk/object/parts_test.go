package object_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// TestPartsCompleteARequest puts the parts of one request into the object of
// another, which must make it the object of the first.
func TestPartsCompleteARequest(t *testing.T) {
	x := &abi.Exchange{Request: abi.Request{
		Method: []byte("PUT"), URI: []byte("/a?b=1&b=2"), Host: []byte("h"), TLS: true, Body: []byte("\xff"),
		Header: abi.Header{{Name: []byte("x-a"), Value: []byte("1")}},
	}, Meta: abi.Meta{{Name: []byte("m"), Value: []byte("v")}}}
	var want, got map[string]any
	var parts []any
	for text, v := range map[string]any{
		string(object.AppendRequest(nil, x)):               &want,
		string(object.AppendRequest(nil, &abi.Exchange{})): &got,
		string(object.AppendRequestParts(nil, x)):          &parts,
	} {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for i, name := range object.RequestParts() {
		got[name] = parts[i]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
