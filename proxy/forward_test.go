package proxy_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestRequestReachesUpstreamAndReplyComesBack(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.URL.Path)
		_, _ = w.Write([]byte("hello"))
	})
	g := before(t, url)
	a := ask(t, g, get("/a/b?c=d"))
	if a.status != 200 || a.body != "hello" || !strings.Contains(a.head, "X-Seen: /a/b\r\n") {
		t.Errorf("reply = %d %q %q", a.status, a.head, a.body)
	}
}

func TestHeadFieldsPassAsTheyAre(t *testing.T) {
	g := before(t, script(t, echoHead))
	a := ask(t, g, get("/", "x-LOWER: 1", "X-Twice: a", "accept: */*", "X-Twice: b", "Cookie: a=b; c=d", "user-agent: me", "content-TYPE: x/y"))
	want := "x-LOWER: 1\r\nX-Twice: a\r\naccept: */*\r\nX-Twice: b\r\nCookie: a=b; c=d\r\nuser-agent: me\r\ncontent-TYPE: x/y\r\n"
	if !strings.Contains(a.body, want) {
		t.Errorf("upstream got %q, want it to contain %q", a.body, want)
	}
	t.Log(a.head)
	t.Log(a.body)
}
