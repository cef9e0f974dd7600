package object

import "github.com/c386954a/sallyport/abi"

// VirtualResult is what a virtual endpoint returns.
type VirtualResult struct {
	Response    VirtualResponse
	SessionMeta map[string]any
	Meta        map[string]string // ours: values for later plugins of the request

	// KeepMetadata is for scripts that were not given the session: their
	// SessionMeta does not replace its metadata.
	KeepMetadata bool `json:"-"`
	// KeepHeaderCase writes header names as they are spelled.
	KeepHeaderCase bool `json:"-"`
}

// VirtualResponse is the answer of a virtual endpoint.
type VirtualResponse struct {
	Body       string
	BodyBase64 []byte // ours: wins over Body, which cannot carry every byte
	Headers    map[string]string
	AddHeaders map[string][]string // ours
	Code       int
}

// ParseVirtual decodes what a virtual endpoint returned.
func ParseVirtual(raw []byte) (*VirtualResult, error) {
	r := &VirtualResult{}
	return r, parseResult(raw, r)
}

// Apply answers the request.
func (r *VirtualResult) Apply(x *abi.Exchange) (abi.Verdict, error) {
	p := &r.Response
	h := headerEdits{set: p.Headers, add: p.AddHeaders, exact: r.KeepHeaderCase}
	v, err := answer(x, p.Code, bodyOf(p.Body, p.BodyBase64), &h)
	if err != nil {
		return v, err
	}
	if err := setMeta(x, r.Meta); err != nil {
		return v, err
	}
	if x.Session == nil || r.KeepMetadata {
		return v, nil
	}
	return v, replaceMetadata(x, r.SessionMeta)
}
