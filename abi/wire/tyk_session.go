package wire

import (
	"encoding/json"
	"strconv"

	"github.com/c386954a/sallyport/abi"
)

// TykSession is Tyk's session object as a script returns it. The types of all
// members are checked; what [abi.Session] has no place for is left out.
type TykSession struct {
	KeyID    string   `json:"key_id"` // ours: names the key if AuthValue does not
	OrgID    string   `json:"org_id"`
	Alias    string   `json:"alias"`
	Tags     []string `json:"tags"`
	Inactive bool     `json:"is_inactive"`

	Rate             float64 `json:"rate"`
	Per              float64 `json:"per"`
	Expires          int64   `json:"expires"`
	QuotaMax         int64   `json:"quota_max"`
	QuotaRemaining   int64   `json:"quota_remaining"`
	QuotaRenewalRate int64   `json:"quota_renewal_rate"`

	Metadata map[string]any `json:"meta_data"`

	tykSessionRest
}

// tykSessionRest has the members of Tyk's session that the gateway has no use
// for. They are here because a wrong type is an error in each of them.
type tykSessionRest struct {
	LastCheck           int64                `json:"last_check"`
	Allowance           float64              `json:"allowance"`
	ThrottleInterval    float64              `json:"throttle_interval"`
	ThrottleRetryLimit  int                  `json:"throttle_retry_limit"`
	MaxQueryDepth       int                  `json:"max_query_depth"`
	DateCreated         string               `json:"date_created"`
	QuotaRenews         int64                `json:"quota_renews"`
	AccessRights        map[string]tykAccess `json:"access_rights"`
	OAuthClientID       string               `json:"oauth_client_id"`
	OAuthKeys           map[string]string    `json:"oauth_keys"`
	Certificate         string               `json:"certificate"`
	BasicAuth           tykBasicAuth         `json:"basic_auth_data"`
	JWT                 tykJWT               `json:"jwt_data"`
	HMACEnabled         bool                 `json:"hmac_enabled"`
	SignatureValidation bool                 `json:"enable_http_signature_validation"`
	HMACSecret          string               `json:"hmac_string"`
	RSACertificate      string               `json:"rsa_certificate_id"`
	ApplyPolicy         string               `json:"apply_policy_id"`
	ApplyPolicies       []string             `json:"apply_policies"`
	DataExpires         int64                `json:"data_expires"`
	Monitor             tykMonitor           `json:"monitor"`
	DetailRecording     bool                 `json:"enable_detail_recording"`
	DetailedRecording   bool                 `json:"enable_detailed_recording"`
	LastUpdated         string               `json:"last_updated"`
	ExtractorDeadline   int64                `json:"id_extractor_deadline"`
	Lifetime            int64                `json:"session_lifetime"`
	Smoothing           map[string]any       `json:"smoothing"`
	MTLSCertificates    []string             `json:"mtls_static_certificate_bindings"`
	PostExpiryAction    string               `json:"post_expiry_action"`
	PostExpiryGrace     int64                `json:"post_expiry_grace_period"`
}

type (
	tykAccess struct {
		APIName              string           `json:"api_name"`
		APIID                string           `json:"api_id"`
		Versions             []string         `json:"versions"`
		AllowedURLs          []tykAllowedURL  `json:"allowed_urls"`
		RestrictedTypes      []tykType        `json:"restricted_types"`
		AllowedTypes         []tykType        `json:"allowed_types"`
		Limit                tykLimit         `json:"limit"`
		FieldRights          []tykFieldAccess `json:"field_access_rights"`
		DisableIntrospection bool             `json:"disable_introspection"`
		AllowanceScope       string           `json:"allowance_scope"`
		Endpoints            []tykEndpoint    `json:"endpoints"`
	}
	tykAllowedURL struct {
		URL     string   `json:"url"`
		Methods []string `json:"methods"`
	}
	tykType struct {
		Name   string   `json:"name"`
		Fields []string `json:"fields"`
	}
	tykLimit struct {
		Rate               float64        `json:"rate"`
		Per                float64        `json:"per"`
		Smoothing          map[string]any `json:"smoothing"`
		ThrottleInterval   float64        `json:"throttle_interval"`
		ThrottleRetryLimit int            `json:"throttle_retry_limit"`
		MaxQueryDepth      int            `json:"max_query_depth"`
		QuotaMax           int64          `json:"quota_max"`
		QuotaRenews        int64          `json:"quota_renews"`
		QuotaRemaining     int64          `json:"quota_remaining"`
		QuotaRenewalRate   int64          `json:"quota_renewal_rate"`
	}
	tykFieldAccess struct {
		TypeName  string `json:"type_name"`
		FieldName string `json:"field_name"`
		Limits    struct {
			MaxQueryDepth int `json:"max_query_depth"`
		} `json:"limits"`
	}
	tykEndpoint struct {
		Path    string `json:"path"`
		Methods []struct {
			Name  string   `json:"name"`
			Limit tykLimit `json:"limit"`
		} `json:"methods"`
	}
	tykBasicAuth struct {
		Password string `json:"password"`
		HashType string `json:"hash_type"`
	}
	tykJWT struct {
		Secret string `json:"secret"`
	}
	tykMonitor struct {
		TriggerLimits []float64 `json:"trigger_limits"`
	}
)

// ParseTykSession decodes a session that a script stores, by the rules of
// what it returns: strict types, unknown keys ignored.
func ParseTykSession(raw []byte) (*TykSession, error) {
	s := &TykSession{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, abi.Errorf(abi.Protocol, "session: %w", err)
	}
	return s, nil
}

// Session returns the part of s that the gateway knows, under the given key
// id; if that is empty, under the one s names itself.
func (s *TykSession) Session(keyID string) *abi.Session {
	if keyID == "" {
		keyID = s.KeyID
	}
	return &abi.Session{
		KeyID: keyID, OrgID: s.OrgID, Alias: s.Alias, Tags: s.Tags, Inactive: s.Inactive,
		Rate: s.Rate, Per: s.Per, Expires: s.Expires,
		QuotaMax: s.QuotaMax, QuotaRemaining: s.QuotaRemaining, QuotaRenewalRate: s.QuotaRenewalRate,
		Metadata: s.Metadata,
	}
}

// AppendTykSession appends the session object scripts see: every member, in
// Tyk's order, and zero for what the gateway does not know. A nil session
// gives the zero form; a real one has key_id, which is ours, at the end.
func AppendTykSession(dst []byte, s *abi.Session) []byte {
	known := s != nil
	if !known {
		s = &abi.Session{}
	}
	dst = append(dst, `{"last_check":0,"allowance":0,"rate":`...)
	dst = appendNumber(dst, s.Rate)
	dst = append(dst, `,"per":`...)
	dst = appendNumber(dst, s.Per)
	dst = append(dst, `,"throttle_interval":0,"throttle_retry_limit":0,"max_query_depth":0,`+
		`"date_created":"0001-01-01T00:00:00Z","expires":`...)
	dst = strconv.AppendInt(dst, s.Expires, 10)
	dst = append(dst, `,"quota_max":`...)
	dst = strconv.AppendInt(dst, s.QuotaMax, 10)
	dst = append(dst, `,"quota_renews":0,"quota_remaining":`...)
	dst = strconv.AppendInt(dst, s.QuotaRemaining, 10)
	dst = append(dst, `,"quota_renewal_rate":`...)
	dst = strconv.AppendInt(dst, s.QuotaRenewalRate, 10)
	dst = append(dst, `,"access_rights":null,"org_id":`...)
	dst = AppendText(dst, s.OrgID)
	dst = append(dst, `,"oauth_client_id":"","oauth_keys":null,"certificate":"",`+
		`"basic_auth_data":{"password":"","hash_type":""},"jwt_data":{"secret":""},"hmac_enabled":false,`+
		`"enable_http_signature_validation":false,"hmac_string":"","rsa_certificate_id":"","is_inactive":`...)
	dst = strconv.AppendBool(dst, s.Inactive)
	dst = append(dst, `,"apply_policy_id":"","apply_policies":null,"data_expires":0,"monitor":{"trigger_limits":null},`+
		`"enable_detail_recording":false,"enable_detailed_recording":false,"meta_data":`...)
	dst = appendTykValue(dst, s.Metadata)
	dst = append(dst, `,"tags":`...)
	dst = appendTykValue(dst, s.Tags)
	dst = append(dst, `,"alias":`...)
	dst = AppendText(dst, s.Alias)
	dst = append(dst, `,"last_updated":"","id_extractor_deadline":0,"session_lifetime":0,"smoothing":null`...)
	if known {
		dst = append(dst, `,"key_id":`...)
		dst = AppendText(dst, s.KeyID)
	}
	return append(dst, '}')
}

// appendTykValue appends a value with the keys of its maps in byte order, in
// which scripts walk through them.
func appendTykValue(dst []byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, b...)
}
