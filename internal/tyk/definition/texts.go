package definition

// What several rules say.
const (
	otherAuth  = "is a way to authenticate that is not supported; without it the API would be more open"
	moreOpen   = "is not supported; without it the API would let more through"
	noEffect   = "has no effect here"
	notAnalyse = "is about analytics, which the gateway has none of; ignored"
	notDone    = "is not supported; ignored"
	oneTarget  = "is not supported: all requests go to upstream.url"
)
