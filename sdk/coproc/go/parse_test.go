package sallyport

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// frames are those of gateways, which parse must read without help.
var frames = []string{
	`{"jsonrpc":"2.0","id":1024,"method":"initialize","params":{"protocol":["0.9","1.0"],"gateway":{"name":"s","version":"1"},"limits":{"max_message_bytes":8388608,"max_in_flight":256},"sandbox":{"a":[1,{"b":null}]},"pid":4711}}`,
	`{"jsonrpc":"2.0","method":"initialized"}`,
	`{"jsonrpc":"2.0","id":2,"method":"api/load","params":{"api_id":"o","generation":7,"org_id":"a","hooks":[{"hook_type":"auth","hook_name":"t","config":{"x":[1,2]}}],"config_data":{"tier":"go\"ld","n":-1.5e3}}}`,
	`{"jsonrpc":"2.0","id":9007199254740991,"method":"dispatch","params":{"hook_type":"post","hook_name":"f","api_id":"o","generation":7,"request_id":"9f","deadline_ms":200,"request":{"method":"POST","url":"/a?x=\u00e9","scheme":"https","host":"h","remote_addr":"1.2.3.4:5","header_list":[["A","1"],["B",null,"/w=="],["C","\ud834\udd1e\n\t\\\/\"é"]],"body":"{\"n\":1}\u2028","body_size":7},"session":{"key_id":"k","rate":1.5,"metadata":{"p":{"q":[true,null]}}},"meta":{"m":"1","n":""}}}`,
	`{"jsonrpc":"2.0","id":3,"method":"dispatch","params":{"hook_type":"response","response":{"status_code":200,"header_list":[],"raw_body":"AAEC/w==","body_truncated":true}}}`,
	`{"jsonrpc":"2.0","id":3,"method":"dispatch","params":{"hook_type":"event","event":{"name":"e","data":{"x":1}}}}`,
	`{"jsonrpc":"2.0","method":"cancel","params":{"id":7173,"reason":"deadline"}}`,
	` { "id" : 5 , "method" : "ping" , "params" : { } } `,
}

// both parses a line by hand and by reflection.
func both(line string) (hand, reflected frame, ok bool, err error) {
	ok = hand.parse([]byte(line))
	err = json.Unmarshal([]byte(line), &reflected)
	settle(&reflected.Params.Request)
	if reflected.Params.Response != nil {
		settle(reflected.Params.Response)
	}
	return hand, reflected, ok, err
}

// settle brings a header into the form that parse leaves.
func settle(c *carried) {
	m, err := c.message()
	if err == nil && len(m.Header) > 0 {
		c.Message.Header = m.Header
	}
	c.Header = nil
}

func TestFramesOfGatewaysAreReadByHand(t *testing.T) {
	for _, line := range frames {
		hand, reflected, ok, err := both(line)
		if !ok || err != nil {
			t.Errorf("parse() = %v, encoding/json %v: %s", ok, err, line)
		}
		if !reflect.DeepEqual(hand, reflected) {
			t.Errorf("by hand\n%+v\nby reflection\n%+v", hand, reflected)
		}
	}
}

func TestUnusualFramesAreLeftToReflection(t *testing.T) {
	for _, line := range []string{
		``, `{`, `[]`, `{"id":1}x`, `{"id":1.0}`, `{"id":01}`, `{"id":-}`, `{"id":12345678901234567890}`, `{"id":"1"}`, `{"method":null}`,
		`{"method":"\x"}`, `{"method":"\ud834"}`, `{"method":"\ud834\u0041"}`, "{\"method\":\"a\nb\"}", "{\"method\":\"\xff\"}", `{"method":"a}`, `{"method":"\`,
		`{"x":tru}`, `{"x":[1,}`, `{"x":{]}`, `{"params":{"request":{"header_list":[["A"]]}}}`, `{"params":{"request":{"raw_body":"?"}}}`, `{"id":1,}`,
	} {
		var f frame
		if f.parse([]byte(line)) {
			t.Errorf("parse(%q) = true", line)
		}
	}
}

// FuzzParse wants parse to accept only JSON, and to read it as encoding/json
// does.
func FuzzParse(f *testing.F) {
	for _, line := range frames {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		hand, reflected, ok, err := both(line)
		switch {
		case !ok:
		case !json.Valid([]byte(line)):
			t.Errorf("parse accepts what is not JSON: %q", line)
		case err == nil && plain(line) && !reflect.DeepEqual(hand, reflected):
			t.Errorf("%q\nby hand\n%+v\nby reflection\n%+v", line, hand, reflected)
		}
	})
}

// plain reports whether no member occurs twice or in capital letters, which
// encoding/json takes for the same, and nothing is null. It takes short lines
// only, because it looks for each word in all of them.
func plain(line string) bool {
	if len(line) > 1<<12 || strings.Contains(line, "null") || strings.Contains(line, `\u`) || strings.ToLower(line) != line {
		return false
	}
	for _, name := range strings.Split(line, `"`) {
		if name != "" && strings.Count(line, `"`+name+`"`) > 1 {
			return false
		}
	}
	return true
}

func BenchmarkParse(b *testing.B) {
	large := strings.Replace(frames[3], `"body":"`, `"body":"`+strings.Repeat("x", 64<<10), 1)
	for name, line := range map[string]string{"small": frames[3], "64KiB": large} {
		b.Run(name+"/hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f := new(frame); !f.parse([]byte(line)) {
					b.Fatal("not parsed")
				}
			}
		})
		b.Run(name+"/reflection", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := json.Unmarshal([]byte(line), new(frame)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
