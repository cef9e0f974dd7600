package dialect

import "github.com/c386954a/sallyport/abi"

// refusals returns what the native steps answer, as Tyk does. Texts hold
// nothing that JSON or XML would have to escape.
func refusals() map[string]abi.Refusal {
	return map[string]abi.Refusal{
		"key_missing":     {Status: 401, Text: "Authorization field missing"},
		"key_unknown":     {Status: 403, Text: "Access to this API has been disallowed"},
		"key_inactive":    {Status: 403, Text: "Key is inactive, please renew"},
		"key_expired":     {Status: 401, Text: "Key has expired, please renew"},
		"api_forbidden":   {Status: 403, Text: "Access to this API has been disallowed"},
		"url_forbidden":   {Status: 403, Text: "Access to this resource has been disallowed"},
		"rate_exceeded":   {Status: 429, Text: "Rate limit exceeded"},
		"quota_exceeded":  {Status: 403, Text: "Quota exceeded"},
		"path_forbidden":  {Status: 403, Text: "Requested endpoint is forbidden"},
		"body_large":      {Status: 400, Text: "Request is too large"},
		"body_unstated":   {Status: 411, Text: "Content length is required for this request"},
		"version_missing": {Status: 403, Text: "Version information not found"},
		"version_unknown": {Status: 403, Text: "This API version does not seem to exist"},
		"version_expired": {Status: 403, Text: "Api Version has expired, please check documentation or contact administrator"},
	}
}
