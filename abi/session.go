package abi

// Session is what the gateway knows of the caller behind a credential. A
// Session is shared between requests and never changes once it is set on an
// exchange or put in the store.
//
// The JSON names are those of stores and key files that exist already. Members
// that the gateway has no use for are kept in Extra and written back.
type Session struct {
	KeyID    string   `json:"key_id,omitempty"` // names the key in counters; empty shares none
	OrgID    string   `json:"org_id,omitempty"`
	Alias    string   `json:"alias,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Inactive bool     `json:"is_inactive,omitempty"`

	Rate    float64 `json:"rate,omitempty"`    // requests per Per; 0 or less is no limit
	Per     float64 `json:"per,omitempty"`     // seconds
	Expires int64   `json:"expires,omitempty"` // Unix seconds; 0 is never

	QuotaMax         int64 `json:"quota_max,omitempty"` // 0 or less is no quota
	QuotaRemaining   int64 `json:"quota_remaining,omitempty"`
	QuotaRenewalRate int64 `json:"quota_renewal_rate,omitempty"` // seconds
	QuotaRenews      int64 `json:"quota_renews,omitempty"`       // Unix seconds

	// AccessRights are the APIs the key opens, by their id; empty is all.
	AccessRights  map[string]Access `json:"access_rights,omitempty"`
	ApplyPolicies []string          `json:"apply_policies,omitempty"`

	DateCreated string `json:"date_created,omitempty"` // RFC 3339
	LastUpdated string `json:"last_updated,omitempty"` // Unix seconds as text
	Lifetime    int64  `json:"session_lifetime,omitempty"`

	// ExtractorDeadline is until when the session may stand for what an auth
	// plugin would say of its key, in Unix seconds; with 0 it never may.
	ExtractorDeadline int64 `json:"id_extractor_deadline,omitempty"`

	// Metadata holds values as encoding/json decodes them into any.
	Metadata map[string]any `json:"meta_data,omitempty"`

	// Extra is a JSON object with the members that have no field here; nil if
	// there are none.
	Extra []byte `json:"-"`
}

// Access is what a key may do with one API.
type Access struct {
	APIName     string       `json:"api_name,omitempty"`
	APIID       string       `json:"api_id,omitempty"`
	Versions    []string     `json:"versions,omitempty"`
	AllowedURLs []AllowedURL `json:"allowed_urls,omitempty"` // empty is all

	// Extra is as in [Session].
	Extra []byte `json:"-"`
}

// AllowedURL is a path, a regular expression, that a key may use, and how.
type AllowedURL struct {
	URL     string   `json:"url"`
	Methods []string `json:"methods"`
}
