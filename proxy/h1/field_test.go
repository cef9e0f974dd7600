package h1_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/proxy/h1"
)

func TestFieldsAreKnownInAnyCase(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]h1.FieldKind{
		"TE": h1.KindHop, "Host": h1.KindHost, "Date": h1.KindDate, "Expect": h1.KindExpect, "Server": h1.KindServer,
		"Trailer": h1.KindHop, "Upgrade": h1.KindUpgrade, "Connection": h1.KindConnection, "Keep-Alive": h1.KindHop,
		"X-Request-Id": h1.KindRequestID, "Content-Length": h1.KindLength, "Transfer-Encoding": h1.KindEncoding,
		"X-Forwarded-For": h1.KindForwardedFor, "X-Forwarded-Host": h1.KindForwarded, "X-Forwarded-Proto": h1.KindForwarded,
		"Proxy-Connection": h1.KindHop, "Proxy-Authenticate": h1.KindHop, "Proxy-Authorization": h1.KindHop,
		"": h1.KindPlain, "Accept": h1.KindPlain, "Hosts": h1.KindPlain, "X-Forwarde-Host": h1.KindPlain,
		"X-Forwarded-Hosts": h1.KindForwardedOther, "X-Original-URL": h1.KindForwardedOther, "X-Real-IP": h1.KindForwardedOther,
		"Forwarded": h1.KindForwardedList, "True-Client-IP": h1.KindForwardedOther, "X-Originals": h1.KindPlain,
		"A-Name-That-Is-Longer-Than-Any-Special-One": h1.KindPlain,
	} {
		for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if got := h1.KindOf([]byte(spelt)); got != want {
				t.Errorf("KindOf(%q) = %d, want %d", spelt, got, want)
			}
		}
	}
}
