package abi_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

// tykSession is a session as Tyk stores them.
const tykSession = `{"last_check":1,"allowance":999.5,"rate":1000,"per":60,"throttle_interval":-1,"expires":7,"quota_max":-1,
"quota_renews":1406121006,"quota_remaining":3,"quota_renewal_rate":60,"access_rights":{"a1":{"api_name":"A","api_id":"a1",
"versions":["Default"],"allowed_urls":[{"url":"/x.*","methods":["GET"]}],"limit":{"rate":5,"per":1},"restricted_types":null}},
"org_id":"o","oauth_client_id":"c","basic_auth_data":{"password":"","hash_type":""},"hmac_enabled":true,"hmac_string":"s",
"is_inactive":true,"apply_policies":["p1","p2"],"monitor":{"trigger_limits":[80]},"meta_data":{"a":{"b":[1,null]}},"tags":["t"],
"alias":"ann","date_created":"2020-01-02T03:04:05Z","last_updated":"1500000000","id_extractor_deadline":9,"session_lifetime":8}`

func TestSessionKeepsEveryMember(t *testing.T) {
	var s abi.Session
	if err := json.Unmarshal([]byte(tykSession), &s); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, []byte(tykSession)), decoded(t, again)); diff != "" {
		t.Errorf("written again (-want +got):\n%s", diff)
	}
	if s.AccessRights["a1"].AllowedURLs[0].Methods[0] != "GET" || s.ApplyPolicies[1] != "p2" || s.ExtractorDeadline != 9 {
		t.Errorf("session = %+v", s)
	}
}

func TestSessionOfOwnMembersHasNoExtra(t *testing.T) {
	var s abi.Session
	if err := json.Unmarshal([]byte(`{"KEY_ID":"k","Rate":2,"access_rights":{}}`), &s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(abi.Session{KeyID: "k", Rate: 2}, s); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	if b, err := json.Marshal(s); string(b) != `{"key_id":"k","rate":2}` || err != nil {
		t.Errorf("Marshal() = %s, %v", b, err)
	}
}

func TestSessionOfExtraMembersOnly(t *testing.T) {
	var s abi.Session
	if err := json.Unmarshal([]byte(`{"certificate":"c"}`), &s); err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(s); string(b) != `{"certificate":"c"}` || err != nil {
		t.Errorf("Marshal() = %s, %v", b, err)
	}
}

func TestWrongTypesInASessionAreErrors(t *testing.T) {
	for _, text := range []string{`{"rate":"5"}`, `{"expires":1.5}`, `{"access_rights":{"a":{"versions":"x"}}}`, `{"access_rights":[]}`, `[]`, `"x"`} {
		if err := json.Unmarshal([]byte(text), new(abi.Session)); err == nil {
			t.Errorf("Unmarshal(%s) succeeded", text)
		}
	}
}

func TestTheTableHasEveryMemberOfASession(t *testing.T) {
	s := &abi.Session{}
	fields := reflect.ValueOf(s).Elem()
	var want []string
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		want = append(want, name)
		m := abi.SessionMemberOf(name)
		if m == nil {
			t.Errorf("%s is not in the table", name)
			continue
		}
		if got, want := m.Field(s), fields.Field(i).Addr().Interface(); got != want {
			t.Errorf("Field of %s is %T %p, want %T %p", name, got, got, want, want)
		}
	}
	var got []string
	for _, m := range abi.SessionMembers() {
		got = append(got, m.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestNamesWithAFieldAreNotExtra(t *testing.T) {
	for _, v := range []any{abi.Session{}, abi.Access{}} {
		for field := range reflect.TypeOf(v).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			into := reflect.New(reflect.TypeOf(v))
			if err := json.Unmarshal([]byte(`{"`+name+`":null}`), into.Interface()); err != nil {
				t.Fatal(err)
			}
			if extra := into.Elem().FieldByName("Extra"); !extra.IsNil() {
				t.Errorf("%T: %s is in Extra: %s", v, name, extra.Bytes())
			}
		}
	}
}

func FuzzSession(f *testing.F) {
	f.Add([]byte(tykSession))
	f.Add([]byte(`{"a":1,"A":2,"Key_Id":"k","key_id":"l"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s, again abi.Session
		if json.Unmarshal(raw, &s) != nil {
			return
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("Marshal() of %s = %v", raw, err)
		}
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%s was written as %s: %v", raw, text, err)
		}
		if !slices.Equal(s.Extra, again.Extra) {
			t.Errorf("Extra = %s, then %s", s.Extra, again.Extra)
		}
	})
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
