package lab

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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
