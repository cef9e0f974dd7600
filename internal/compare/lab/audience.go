package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxListeners bounds the streams that are open at one time.
const maxListeners = 32

// audience is everybody who listens to the events. A listener that does not
// keep up loses events: the gateway does not wait for a browser.
type audience struct {
	mu        sync.Mutex // protects listeners
	listeners map[chan string]struct{}
}

// publish sends an event to everybody. Its text is made only if somebody
// listens.
func (a *audience) publish(name string, data any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.listeners) == 0 {
		return
	}
	text, err := json.Marshal(data)
	if err != nil {
		return // only plain structs are published, which always encode
	}
	event := fmt.Sprintf("event: %s\ndata: %s\n\n", name, text)
	for l := range a.listeners {
		select {
		case l <- event:
		default:
		}
	}
}

// join adds a listener; ok is false if there are too many.
func (a *audience) join() (l chan string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.listeners) >= maxListeners {
		return nil, false
	}
	if a.listeners == nil {
		a.listeners = make(map[chan string]struct{})
	}
	l = make(chan string, 64)
	a.listeners[l] = struct{}{}
	return l, true
}

func (a *audience) leave(l chan string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.listeners, l)
}

// events serves GET /lab/events: a stream of server-sent events, as the HTML
// standard defines them in section 9.2.
func (l *Lab) events(w http.ResponseWriter, r *http.Request) {
	listener, ok := l.join()
	if !ok {
		l.refuse(w, http.StatusServiceUnavailable, "too many open pages")
		return
	}
	defer l.leave(listener)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s := stream{w, http.NewResponseController(w)}
	for ok := s.send(": open\n\n"); ok; {
		select {
		case event := <-listener:
			ok = s.send(event)
		case <-r.Context().Done():
			return
		case <-l.done:
			return
		}
	}
}

// stream is one open page.
type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

// send reports whether the event was taken: a page that takes nothing for ten
// seconds is gone.
func (s stream) send(event string) bool {
	if err := s.rc.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return false
	}
	if _, err := s.w.Write([]byte(event)); err != nil {
		return false
	}
	return s.rc.Flush() == nil
}
