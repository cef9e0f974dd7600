package tyk

import (
	"context"
	"encoding/json"
	"time"

	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
)

// Events returns a handler of events, as Tyk's cp_dynamic_handler names one.
// It is what Tyk's gRPC plugins have as DispatchEvent: payload is the JSON
// object {message: {Type, Meta, TimeStamp}, handler_name, spec: {APIID, OrgID}}
// and belongs to the handler. An error is counted as a fault; no request waits
// for it.
func Events(name string, dispatch func(ctx context.Context, payload []byte) error) sallyport.Handler {
	return sallyport.Handler{
		Name: name, Hooks: []sallyport.Hook{sallyport.Events},
		Func: func(ctx context.Context, c *sallyport.Call) (*sallyport.Result, error) {
			payload, err := eventOf(c)
			if err != nil {
				return nil, err
			}
			return nil, dispatch(ctx, payload)
		},
	}
}

func eventOf(c *sallyport.Call) ([]byte, error) {
	type message struct {
		Type      string
		Meta      json.RawMessage
		TimeStamp string
	}
	return json.Marshal(struct {
		Message message           `json:"message"`
		Handler string            `json:"handler_name"`
		Spec    map[string]string `json:"spec"`
	}{
		message{c.Event.Name, c.Event.Data, time.Now().Local().String()},
		c.HookName,
		map[string]string{"APIID": c.API.ID, "OrgID": c.API.OrgID},
	})
}
