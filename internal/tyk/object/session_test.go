package object_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// zeroSession is the zero form, by which scripts may rely on every member.
const zeroSession = `{"last_check":0,"allowance":0,"rate":0,"per":0,"throttle_interval":0,"throttle_retry_limit":0,"max_query_depth":0,` +
	`"date_created":"0001-01-01T00:00:00Z","expires":0,"quota_max":0,"quota_renews":0,"quota_remaining":0,"quota_renewal_rate":0,` +
	`"access_rights":null,"org_id":"","oauth_client_id":"","oauth_keys":null,"certificate":"",` +
	`"basic_auth_data":{"password":"","hash_type":""},"jwt_data":{"secret":""},"hmac_enabled":false,"enable_http_signature_validation":false,` +
	`"hmac_string":"","rsa_certificate_id":"","is_inactive":false,"apply_policy_id":"","apply_policies":null,"data_expires":0,` +
	`"monitor":{"trigger_limits":null},"enable_detail_recording":false,"enable_detailed_recording":false,"meta_data":null,"tags":null,` +
	`"alias":"","last_updated":"","id_extractor_deadline":0,"session_lifetime":0,"smoothing":null}`

func TestTykSessionHasEveryMemberInOrder(t *testing.T) {
	if got := string(object.AppendSession(nil, nil)); got != zeroSession {
		t.Errorf("zero form = %s\nwant %s", got, zeroSession)
	}
	want := strings.TrimSuffix(zeroSession, "}") + `,"key_id":"k"}`
	if got := string(object.AppendSession(nil, &abi.Session{KeyID: "k"})); got != want {
		t.Errorf("session = %s\nwant %s", got, want)
	}
}

// wholeSession has a value in every member that the object can have.
const wholeSession = `{"last_check":1,"allowance":2.5,"rate":3.5,"per":4,"throttle_interval":5.5,"throttle_retry_limit":6,"max_query_depth":7,` +
	`"date_created":"2020-01-02T03:04:05Z","expires":8,"quota_max":9,"quota_renews":10,"quota_remaining":11,"quota_renewal_rate":12,` +
	`"access_rights":{"a":{"api_name":"n","api_id":"a","versions":["v"],"allowed_urls":[{"url":"/u","methods":["GET"]}],` +
	`"restricted_types":[{"name":"t","fields":["f"]}],"allowed_types":[{"name":"t","fields":["f"]}],` +
	`"limit":{"rate":1.5,"per":2,"smoothing":{"enabled":true},"throttle_interval":3,"throttle_retry_limit":4,"max_query_depth":5,` +
	`"quota_max":6,"quota_renews":7,"quota_remaining":8,"quota_renewal_rate":9},` +
	`"field_access_rights":[{"type_name":"t","field_name":"f","limits":{"max_query_depth":1}}],"disable_introspection":true,` +
	`"allowance_scope":"s","endpoints":[{"path":"/p","methods":[{"name":"GET","limit":{"rate":1,"per":1,"smoothing":null,` +
	`"throttle_interval":0,"throttle_retry_limit":0,"max_query_depth":0,"quota_max":0,"quota_renews":0,"quota_remaining":0,"quota_renewal_rate":0}}]}]}},` +
	`"org_id":"o","oauth_client_id":"c","oauth_keys":{"k":"v"},"certificate":"x",` +
	`"basic_auth_data":{"password":"p","hash_type":"h"},"jwt_data":{"secret":"j"},"hmac_enabled":true,"enable_http_signature_validation":true,` +
	`"hmac_string":"m","rsa_certificate_id":"r","is_inactive":true,"apply_policy_id":"p","apply_policies":["q"],"data_expires":13,` +
	`"monitor":{"trigger_limits":[80.5]},"enable_detail_recording":true,"enable_detailed_recording":true,"meta_data":{"m":[1,"x",{"y":null}]},"tags":["t"],` +
	`"alias":"al","last_updated":"14","id_extractor_deadline":15,"session_lifetime":16,"smoothing":{"s":1},` +
	`"mtls_static_certificate_bindings":["b"],"post_expiry_action":"delete","post_expiry_grace_period":17,"key_id":"k"}`

func TestTykSessionSurvivesTheWayThroughTheGateway(t *testing.T) {
	given, err := object.ParseSession([]byte(wholeSession))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(given.Session("")) // as a store keeps it
	if err != nil {
		t.Fatal(err)
	}
	stored := &abi.Session{}
	if err := json.Unmarshal(kept, stored); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wholeSession, string(object.AppendSession(nil, stored))); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

func TestTykSessionKeepsNoMoreThanItMust(t *testing.T) {
	s, err := object.ParseSession([]byte(zeroSession))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&abi.Session{KeyID: "k"}, s.Session("k")); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

func TestTykSessionRefusesWrongTypes(t *testing.T) {
	for _, raw := range []string{
		`{"rate":"1"}`, `{"expires":1.5}`, `{"tags":"t"}`, `{"is_inactive":0}`, `{"date_created":"yesterday"}`, `{"date_created":1}`,
		`{"access_rights":[]}`, `{"access_rights":{"a":{"limit":{"quota_max":"x"}}}}`, `{"basic_auth_data":"p"}`, `{"meta_data":"m"}`,
		`{"monitor":{"trigger_limits":["a"]}}`, `{"quota_max":1e30}`, `[]`, `"text"`, ``, `{`,
	} {
		if s, err := object.ParseSession([]byte(raw)); abi.KindOf(err) != abi.Protocol {
			t.Errorf("ParseSession(%s) = %+v, %v, want a protocol error", raw, s, err)
		}
	}
	for _, raw := range []string{`{}`, `null`, `{"rate":null,"date_created":null,"access_rights":{"a":null}}`, `{"RATE":1,"unknown":[]}`, `{"per":0.5}`} {
		if _, err := object.ParseSession([]byte(raw)); err != nil {
			t.Errorf("ParseSession(%s) = %v", raw, err)
		}
	}
}

func TestTykSessionShowsStoredMembersOfWrongTypesAsZero(t *testing.T) {
	s := &abi.Session{KeyID: "k", Extra: []byte(`{"allowance":"much","certificate":"c","monitor":7}`)}
	got := string(object.AppendSession(nil, s))
	for _, want := range []string{`"allowance":0`, `"certificate":"c"`, `"trigger_limits":null`} {
		if !strings.Contains(got, want) {
			t.Errorf("session = %s, want %s in it", got, want)
		}
	}
}

func TestKeyDataHasNoPassword(t *testing.T) {
	s := &abi.Session{KeyID: "k", Extra: []byte(`{"basic_auth_data":{"password":"hunter2","hash_type":"h"}}`)}
	if got := string(object.AppendKeyData(nil, s)); strings.Contains(got, "hunter2") || !strings.Contains(got, `"hash_type":"h"`) {
		t.Errorf("key data = %s", got)
	}
}

func TestRenewGivesBackEveryQuota(t *testing.T) {
	s, err := object.ParseSession([]byte(`{"quota_max":9,"quota_remaining":1,"quota_renewal_rate":60,"access_rights":{` +
		`"a":{"limit":{"quota_max":5,"quota_renewal_rate":30}},"b":{"limit":{"quota_remaining":3}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	s.Renew(time.Unix(1000, 0))
	got := []int64{
		s.QuotaRemaining, s.QuotaRenews, s.AccessRights["a"].Limit.QuotaRemaining,
		s.AccessRights["a"].Limit.QuotaRenews, s.AccessRights["b"].Limit.QuotaRemaining,
	}
	if diff := cmp.Diff([]int64{9, 1060, 5, 1030, 3}, got); diff != "" || s.LastUpdated != "1000" {
		t.Errorf("quotas (-want +got):\n%s, last updated %q", diff, s.LastUpdated)
	}
}

func TestSessionObjectHasEveryMemberOfTheTable(t *testing.T) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object.AppendSession(nil, &abi.Session{KeyID: "k"}), &members); err != nil {
		t.Fatal(err)
	}
	for _, m := range abi.SessionMembers() {
		if _, ok := members[m.Name]; !ok {
			t.Errorf("the object has no member %s", m.Name)
		}
	}
}
