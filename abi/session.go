package abi

// Session is what the gateway knows of the caller behind a credential. A
// Session is shared between requests and never changes once it is set on an
// exchange or put in the store.
//
// The JSON names are those of Tyk's session object, so that stores and key
// files written for it can be read.
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

	// Metadata holds values as encoding/json decodes them into any.
	Metadata map[string]any `json:"meta_data,omitempty"`
}
