package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Attack is a fault that can be injected into a plugin of one model.
type Attack struct {
	Model string `json:"model"`
	Fault string `json:"fault"`
	Title string `json:"title"` // of the fault, for people
	About string `json:"about"` // what the plugin does
	// Missing says why it cannot be injected here; empty if it can.
	Missing string `json:"missing,omitempty"`
}

// InjectionOutcome is how an injected fault ended. Times are in milliseconds.
type InjectionOutcome struct {
	Model  string `json:"model"`
	Fault  string `json:"fault"`
	Status int    `json:"status"` // that the faulty request got; 0 for none
	Body   string `json:"body"`

	Answered float64 `json:"answered_ms"` // until the faulty request had its answer
	Served   float64 `json:"served_ms"`   // until the plugin served again after that

	Neighbours int     `json:"neighbours"` // requests to other APIs meanwhile
	Failed     int     `json:"failed"`     // of these
	Slowest    float64 `json:"slowest_ms"` // of these

	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
}

// Injector injects faults into the running gateway.
type Injector interface {
	// Attacks lists what there is, in the order in which to show it.
	Attacks() []Attack
	// Inject injects one and watches what becomes of it. It is never called
	// twice at one time.
	Inject(ctx context.Context, model, fault string) (InjectionOutcome, error)
}

// ErrUnknown is the error of an [Injector] that has no such attack.
var ErrUnknown = errors.New("no such model and fault")

// maxInjection bounds one injection.
const maxInjection = 30 * time.Second

// inject serves POST /lab/inject. A browser sends the header field only for a
// page of this origin: another site could otherwise press the buttons.
func (l *Lab) inject(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Sallyport-Lab") == "" {
		l.refuse(w, http.StatusForbidden, "send the header field X-Sallyport-Lab: 1")
		return
	}
	var which struct{ Model, Fault string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&which); err != nil {
		l.refuse(w, http.StatusBadRequest, `send {"model": "…", "fault": "…"}: `+err.Error())
		return
	}
	if !l.busy.TryLock() {
		l.refuse(w, http.StatusConflict, "another fault is being injected")
		return
	}
	defer l.busy.Unlock()
	ctx, cancel := context.WithTimeout(r.Context(), maxInjection)
	defer cancel()
	o, err := l.cfg.Injector.Inject(ctx, which.Model, which.Fault)
	switch {
	case errors.Is(err, ErrUnknown):
		l.refuse(w, http.StatusNotFound, err.Error())
	case err != nil:
		l.refuse(w, http.StatusInternalServerError, err.Error())
	default:
		l.publish("outcome", o)
		l.json(w, http.StatusOK, o)
	}
}

func (l *Lab) refuse(w http.ResponseWriter, status int, text string) {
	l.json(w, status, map[string]string{"error": text})
}

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
