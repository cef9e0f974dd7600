package object

import (
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// SessionObject is Tyk's session object, with its members in Tyk's order. The
// types of all of them are checked, whether the gateway has a use for them or
// not.
type SessionObject struct {
	LastCheck           int64                `json:"last_check"`
	Allowance           float64              `json:"allowance"`
	Rate                float64              `json:"rate"`
	Per                 float64              `json:"per"`
	ThrottleInterval    float64              `json:"throttle_interval"`
	ThrottleRetryLimit  int                  `json:"throttle_retry_limit"`
	MaxQueryDepth       int                  `json:"max_query_depth"`
	DateCreated         timestamp            `json:"date_created"`
	Expires             int64                `json:"expires"`
	QuotaMax            int64                `json:"quota_max"`
	QuotaRenews         int64                `json:"quota_renews"`
	QuotaRemaining      int64                `json:"quota_remaining"`
	QuotaRenewalRate    int64                `json:"quota_renewal_rate"`
	AccessRights        map[string]apiAccess `json:"access_rights"`
	OrgID               string               `json:"org_id"`
	OAuthClientID       string               `json:"oauth_client_id"`
	OAuthKeys           map[string]string    `json:"oauth_keys"`
	Certificate         string               `json:"certificate"`
	BasicAuth           basicAuth            `json:"basic_auth_data"`
	JWT                 jwt                  `json:"jwt_data"`
	HMACEnabled         bool                 `json:"hmac_enabled"`
	SignatureValidation bool                 `json:"enable_http_signature_validation"`
	HMACSecret          string               `json:"hmac_string"`
	RSACertificate      string               `json:"rsa_certificate_id"`
	Inactive            bool                 `json:"is_inactive"`
	ApplyPolicy         string               `json:"apply_policy_id"`
	ApplyPolicies       []string             `json:"apply_policies"`
	DataExpires         int64                `json:"data_expires"`
	Monitor             monitor              `json:"monitor"`
	DetailRecording     bool                 `json:"enable_detail_recording"`
	DetailedRecording   bool                 `json:"enable_detailed_recording"`
	Metadata            map[string]any       `json:"meta_data"`
	Tags                []string             `json:"tags"`
	Alias               string               `json:"alias"`
	LastUpdated         string               `json:"last_updated"`
	ExtractorDeadline   int64                `json:"id_extractor_deadline"`
	Lifetime            int64                `json:"session_lifetime"`
	Smoothing           map[string]any       `json:"smoothing"`

	// Tyk writes these only if they are set.
	MTLSCertificates []string `json:"mtls_static_certificate_bindings,omitempty"`
	PostExpiryAction string   `json:"post_expiry_action,omitempty"`
	PostExpiryGrace  int64    `json:"post_expiry_grace_period,omitempty"`

	// KeyID is ours: it names the key if AuthValue does not.
	KeyID string `json:"key_id,omitempty"`
}

type (
	apiAccess struct {
		APIName              string           `json:"api_name"`
		APIID                string           `json:"api_id"`
		Versions             []string         `json:"versions"`
		AllowedURLs          []abi.AllowedURL `json:"allowed_urls"`
		RestrictedTypes      []graphType      `json:"restricted_types"`
		AllowedTypes         []graphType      `json:"allowed_types"`
		Limit                limit            `json:"limit"`
		FieldRights          []fieldAccess    `json:"field_access_rights"`
		DisableIntrospection bool             `json:"disable_introspection"`
		AllowanceScope       string           `json:"allowance_scope"`
		Endpoints            []apiEndpoint    `json:"endpoints"`
	}
	graphType struct {
		Name   string   `json:"name"`
		Fields []string `json:"fields"`
	}
	limit struct {
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
	fieldAccess struct {
		TypeName  string `json:"type_name"`
		FieldName string `json:"field_name"`
		Limits    struct {
			MaxQueryDepth int `json:"max_query_depth"`
		} `json:"limits"`
	}
	apiEndpoint struct {
		Path    string `json:"path"`
		Methods []struct {
			Name  string `json:"name"`
			Limit limit  `json:"limit"`
		} `json:"methods"`
	}
	basicAuth struct {
		Password string `json:"password"`
		HashType string `json:"hash_type"`
	}
	jwt struct {
		Secret string `json:"secret"`
	}
	monitor struct {
		TriggerLimits []float64 `json:"trigger_limits"`
	}
)

// ParseSession decodes a session that a script stores, by the rules of
// what it returns: strict types, unknown keys ignored.
func ParseSession(raw []byte) (*SessionObject, error) {
	s := &SessionObject{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, abi.Errorf(abi.Protocol, "session: %w", err)
	}
	return s, nil
}

// SessionObject returns s as the gateway keeps it, under the given key id; if that
// is empty, under the one s names itself. Members that the gateway has no use
// for are in Extra, if they are not zero.
func (s *SessionObject) Session(keyID string) *abi.Session {
	if keyID == "" {
		keyID = s.KeyID
	}
	return &abi.Session{
		KeyID: keyID, OrgID: s.OrgID, Alias: s.Alias, Tags: s.Tags, Inactive: s.Inactive,
		Rate: s.Rate, Per: s.Per, Expires: s.Expires,
		QuotaMax: s.QuotaMax, QuotaRemaining: s.QuotaRemaining, QuotaRenewalRate: s.QuotaRenewalRate, QuotaRenews: s.QuotaRenews,
		AccessRights: s.rights(), ApplyPolicies: s.ApplyPolicies,
		DateCreated: string(s.DateCreated), LastUpdated: s.LastUpdated, Lifetime: s.Lifetime, ExtractorDeadline: s.ExtractorDeadline,
		Metadata: s.Metadata, Extra: extra(s, &SessionObject{}, abi.IsSessionMember),
	}
}

func (s *SessionObject) rights() map[string]abi.Access {
	if len(s.AccessRights) == 0 {
		return nil
	}
	rights := make(map[string]abi.Access, len(s.AccessRights))
	for id, a := range s.AccessRights {
		rights[id] = abi.Access{
			APIName: a.APIName, APIID: a.APIID, Versions: a.Versions, AllowedURLs: a.AllowedURLs,
			Extra: extra(a, apiAccess{}, abi.IsAccessMember),
		}
	}
	return rights
}

// Renew gives the session, and each of its access rights, its whole quota, and
// notes that it was changed now, as Tyk does with a session that is stored.
func (s *SessionObject) Renew(now time.Time) {
	s.LastUpdated = strconv.FormatInt(now.Unix(), 10)
	s.QuotaRemaining, s.QuotaRenews = s.QuotaMax, now.Unix()+s.QuotaRenewalRate
	for id, a := range s.AccessRights {
		l := &a.Limit
		if l.QuotaMax > 0 {
			l.QuotaRemaining, l.QuotaRenews = l.QuotaMax, now.Unix()+l.QuotaRenewalRate
		}
		s.AccessRights[id] = a
	}
}

// extra returns the members of v that differ from those of its zero value and
// are not known; nil if there are none.
func extra(v, zero any, known func(name string) bool) []byte {
	members, none := jsonMembersOf(v), jsonMembersOf(zero)
	maps.DeleteFunc(members, func(name string, value json.RawMessage) bool {
		return string(none[name]) == string(value) || known(name)
	})
	if len(members) == 0 {
		return nil
	}
	raw, _ := json.Marshal(members) // has been JSON before
	return raw
}

func jsonMembersOf(v any) (members map[string]json.RawMessage) {
	raw, err := json.Marshal(v)
	if err != nil || json.Unmarshal(raw, &members) != nil {
		return nil // cannot be: numbers of JSON are finite
	}
	return members
}

// sessionOf returns a session of the gateway as Tyk knows it. What of Extra
// has a wrong type is left out.
func sessionOf(s *abi.Session) *SessionObject {
	t := &SessionObject{}
	if len(s.Extra) > 0 {
		_ = json.Unmarshal(s.Extra, t) // goes on after a member of a wrong type
	}
	t.KeyID, t.OrgID, t.Alias, t.Tags, t.Inactive = s.KeyID, s.OrgID, s.Alias, s.Tags, s.Inactive
	t.Rate, t.Per, t.Expires = s.Rate, s.Per, s.Expires
	t.QuotaMax, t.QuotaRemaining, t.QuotaRenewalRate, t.QuotaRenews = s.QuotaMax, s.QuotaRemaining, s.QuotaRenewalRate, s.QuotaRenews
	t.ApplyPolicies, t.DateCreated, t.LastUpdated = s.ApplyPolicies, timestamp(s.DateCreated), s.LastUpdated
	t.Lifetime, t.ExtractorDeadline, t.Metadata = s.Lifetime, s.ExtractorDeadline, s.Metadata
	for id, a := range s.AccessRights {
		if t.AccessRights == nil {
			t.AccessRights = make(map[string]apiAccess, len(s.AccessRights))
		}
		t.AccessRights[id] = accessOf(a)
	}
	return t
}

func accessOf(a abi.Access) (t apiAccess) {
	if len(a.Extra) > 0 {
		_ = json.Unmarshal(a.Extra, &t) // as in sessionOf
	}
	t.APIName, t.APIID, t.Versions, t.AllowedURLs = a.APIName, a.APIID, a.Versions, a.AllowedURLs
	return t
}

// AppendSession appends the session object scripts see: every member, in
// Tyk's order. A nil session gives the zero form; a real one has key_id, which
// is ours, at the end.
func AppendSession(dst []byte, s *abi.Session) []byte {
	if s == nil {
		return appendSorted(dst, &SessionObject{})
	}
	return sessionOf(s).append(dst)
}

// AppendKeyData is AppendSession for TykGetKeyData, which hides the
// password of basic authentication.
func AppendKeyData(dst []byte, s *abi.Session) []byte {
	t := sessionOf(s)
	t.BasicAuth.Password = ""
	return t.append(dst)
}

func (s *SessionObject) append(dst []byte) []byte {
	return appendSorted(dst, struct {
		*SessionObject
		KeyID string `json:"key_id"`
	}{s, s.KeyID})
}

// appendSorted appends a value with the keys of its maps in byte order, in
// which scripts walk through them.
func appendSorted(dst []byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, b...)
}
