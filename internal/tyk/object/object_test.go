package object_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

func tykExchange() *abi.Exchange {
	return &abi.Exchange{
		API: &abi.API{ID: "a", OrgID: "o", Config: []byte(`{"z":1,"a":{"y":[1,2],"b":null}}`)},
		Request: abi.Request{
			Method: []byte("GET"), URI: []byte("/p?b=2&a=1&b=3"), Host: []byte("h"), Body: []byte("\xffx"),
			Header: abi.Header{{Name: []byte("x-b"), Value: []byte("1")}, {Name: []byte("accept"), Value: []byte("2")}, {Name: []byte("X-B"), Value: []byte("\xff")}},
		},
		Meta: abi.Meta{{Name: []byte("k"), Value: []byte("v")}},
	}
}

func TestTykObjectsHaveTheirKeysInOrder(t *testing.T) {
	x := tykExchange()
	for _, c := range []struct{ name, got, want string }{
		{
			"request", string(object.AppendRequest(nil, x)),
			`{"Headers":{"Accept":["2"],"Host":["h"],"X-B":["1","` + "\ufffd" + `"]},"SetHeaders":{},"DeleteHeaders":[],` +
				`"Body":"/3g=","IgnoreBody":false,"URL":"/p?b=2&a=1&b=3","Params":{"a":["1"],"b":["2","3"]},` +
				`"AddParams":{},"ExtendedParams":{},"DeleteParams":[],"ReturnOverrides":{"ResponseCode":0,"ResponseError":"",` +
				`"ResponseBody":"","ResponseHeaders":null,"OverrideError":false},"Method":"GET","RequestURI":"/p?b=2&a=1&b=3",` +
				`"Scheme":"http","AddHeaders":{},"SetMethod":"","SetHost":"","Meta":{"k":"v"}}`,
		},
		{
			"virtual request", string(object.AppendVirtualRequest(nil, x)),
			`{"Headers":{"Accept":["2"],"X-B":["1","` + "\ufffd" + `"]},"Body":"` + "\ufffd" + `x","URL":"/p?b=2&a=1&b=3",` +
				`"Params":{"a":["1"],"b":["2","3"]},"Scheme":"http","Meta":{"k":"v"}}`,
		},
		{
			"spec", string(object.AppendSpec(nil, x.API, abi.Post, []byte(`{"p":1}`))),
			`{"OrgID":"o","APIID":"a","config_data":{"a":{"b":null,"y":[1,2]},"z":1},"Hook":"post","plugin_config":{"p":1}}`,
		},
		{"spec without data", string(object.AppendSpec(nil, &abi.API{}, abi.Pre, nil)), `{"OrgID":"","APIID":"","config_data":null,"Hook":"pre"}`},
		{
			"spec that hides data", string(object.AppendSpec(nil, x.API, abi.Post, []byte(`{"hide_config":true}`))),
			`{"OrgID":"o","APIID":"a","Hook":"post","plugin_config":{"hide_config":true}}`,
		},
		{"context", string(object.AppendContext(nil, x.API)), `{"APIID":"a","OrgID":"o"}`},
		{"event", string(object.AppendEvent(nil, &abi.Notice{Name: []byte("E"), Data: []byte("{}")}, "now")), `{"Type":"E","Meta":{},"TimeStamp":"now"}`},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// FuzzTykResults throws anything at the decoders: no result may crash the
// gateway, and one that is refused leaves the exchange as it was.
func FuzzTykResults(f *testing.F) {
	f.Add([]byte(`{"Request":{"URL":"/n?x","Body":"bmV3","SetHeaders":{"a":"b"},"AddParams":{"c":"d"}},"SessionMeta":{"e":"f"}}`))
	f.Add([]byte(`{"Request":{"ReturnOverrides":{"ResponseCode":401,"ResponseError":"no"}},"Session":{"rate":1}}`))
	f.Add([]byte(`{"Response":{"StatusCode":201,"Code":201,"Body":"x","Headers":{"a":"b"},"DeleteHeaders":["X-B"]},"Meta":{"a":"b"}}`))
	f.Add([]byte(`{"request":{"url":"http://[::1"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for h := range abi.AllHooks.All() {
			x := tykExchange()
			x.Reply.Status, x.Session = 200, &abi.Session{}
			want := tykExchange()
			x.Begin(h, x.Deadline)
			if applyTyk(x, raw) == nil {
				continue
			}
			x.Discard()
			if diff := cmp.Diff(want.Request, x.Request); diff != "" {
				t.Errorf("%v: a refused result changed the request (-want +got):\n%s", h, diff)
			}
		}
	})
}

func applyTyk(x *abi.Exchange, raw []byte) error {
	switch x.Hook {
	case abi.Response:
		r, err := object.ParseResponse(raw)
		if err != nil {
			return err
		}
		return r.Apply(x)
	case abi.Virtual:
		r, err := object.ParseVirtual(raw)
		if err != nil {
			return err
		}
		_, err = r.Apply(x)
		return err
	default:
		r, err := object.ParseRequest(raw)
		if err != nil {
			return err
		}
		_, err = r.Apply(x)
		return err
	}
}
