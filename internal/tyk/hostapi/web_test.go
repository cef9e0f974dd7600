package hostapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

func TestParseFetch(t *testing.T) {
	for argument, want := range map[string]hostapi.Sending{
		`{"Method":"PUT","Domain":"http://a","Resource":"/b","Body":"c","FormData":{"d":"e"},"Headers":{"f":"g"}}`: {
			Method: "PUT", URL: "http://a/b", Body: "c", Header: map[string]string{"f": "g"},
		},
		`{"domain":"http://a","formdata":{"d":"e f","a":"1"}}`: {URL: "http://a", Body: "a=1&d=e+f"},
	} {
		got, err := hostapi.ParseFetch([]byte(argument))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", argument, diff)
		}
	}
	if _, err := hostapi.ParseFetch([]byte(`[]`)); err == nil || !strings.HasPrefix(err.Error(), "argument: ") {
		t.Errorf("an argument that is no object: %v", err)
	}
}

func TestFetchedHasBothSpellings(t *testing.T) {
	b, err := json.Marshal(hostapi.NewFetched(&hostapi.FetchReply{Code: 201, Body: "b", Header: map[string][]string{"A": {"1"}}}))
	want := `{"Code":201,"Body":"b","Headers":{"A":["1"]},"code":201,"body":"b","headers":{"A":["1"]}}`
	if err != nil || string(b) != want {
		t.Errorf("result %s, %v; want %s", b, err, want)
	}
}

func batchOf(t *testing.T, requests int, rest string) *hostapi.Batch {
	t.Helper()
	list := make([]string, requests)
	for i := range list {
		list[i] = fmt.Sprintf(`{"relative_url":"/%d"}`, i)
	}
	b, err := hostapi.ParseBatch([]byte(`{"requests":[` + strings.Join(list, ",") + `]` + rest + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestABatchKeepsItsOrder(t *testing.T) {
	items := batchOf(t, 40, "").Send(func(i int) *hostapi.FetchReply {
		if i%3 == 0 {
			return nil
		}
		return &hostapi.FetchReply{Code: 200 + i}
	})
	for i, item := range items {
		want := hostapi.BatchItem{URL: fmt.Sprintf("/%d", i), Code: 200 + i}
		if i%3 == 0 {
			want = hostapi.BatchItem{}
		}
		if diff := cmp.Diff(want, item); diff != "" {
			t.Errorf("item %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestABatchIsBoundedInWhatIsUnderWay(t *testing.T) {
	for rest, most := range map[string]int64{"": 16, `,"suppress_parallel_execution":true`: 1} {
		var now, peak atomic.Int64
		batchOf(t, 100, rest).Send(func(int) *hostapi.FetchReply {
			defer now.Add(-1)
			for n := now.Add(1); n > peak.Load(); {
				peak.Store(n)
			}
			return nil
		})
		if peak.Load() > most {
			t.Errorf("%d requests were under way, want %d at most", peak.Load(), most)
		}
	}
	if items := batchOf(t, 0, "").Send(nil); len(items) != 0 {
		t.Errorf("an empty batch gives %v", items)
	}
}

func TestOneRequestThatIsNotValidSpoilsTheBatch(t *testing.T) {
	check := func(s *hostapi.Sending) (string, error) {
		if s.URL == "/2" {
			return "", errors.New("no")
		}
		return s.URL, nil
	}
	if _, err := hostapi.CheckBatch(batchOf(t, 4, ""), check); err == nil || err.Error() != "request 3: no" {
		t.Errorf("CheckBatch() = %v, want request 3: no", err)
	}
	got, err := hostapi.CheckBatch(batchOf(t, 2, ""), check)
	if diff := cmp.Diff([]string{"/0", "/1"}, got); err != nil || diff != "" {
		t.Errorf("CheckBatch() = %v, %v", got, err)
	}
}
