package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/app"
)

func TestAReloadLogsTheSwapAndTheDrainApart(t *testing.T) {
	entered, released := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-released
	}))
	defer slow.Close()
	s := serve(t, `version: 1
listen: "127.0.0.1:0"
timeouts: { drain: 100ms }
apis: [{ name: a, match: { path: / }, upstream: { url: "`+slow.URL+`" } }]
`)
	logger := zerolog.New(s.logs)
	run := &serving{from: app.ConfigFile{Path: s.file, Lookup: os.LookupEnv}, logger: &logger}
	run.reload(t.Context(), s.gateway)
	s.wantLogged(t, `"generation":2,"took"`, `"generation":1,"after"`, "old generation drained")

	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _, _ = s.try("/")
	}()
	<-entered
	run.reload(t.Context(), s.gateway)
	s.wantLogged(t, `"generation":3,"took"`, `"generation":2,"after"`, "old generation cut off")
	if strings.Contains(s.logs.String(), "refused") {
		t.Errorf("a reload is refused:\n%s", s.logs)
	}
	close(released)
	<-answered
}

// wantLogged waits for the last text in the log, and fails unless it has all
// texts, in this order.
func (s *site) wantLogged(t *testing.T, texts ...string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(s.logs.String(), texts[len(texts)-1]) {
			break
		}
	}
	log := s.logs.String()
	for rest := log; len(texts) > 0; texts = texts[1:] {
		_, after, ok := strings.Cut(rest, texts[0])
		if !ok {
			t.Errorf("the log lacks %s, or has it too early:\n%s", texts[0], log)
			return
		}
		rest = after
	}
}
