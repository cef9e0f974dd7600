// Plugin grants does with what it was granted what the request says: the
// method selects what, the URI with what. It answers with the outcome.
package main

import (
	"fmt"
	"time"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

//go:wasmexport sallyport_pre
func pre() sallyport.Verdict { return sallyport.Run(do) }

func do(x *sallyport.Exchange) sallyport.Verdict {
	arg := x.Request.URI().String()[1:]
	outcome, err := "", error(nil)
	switch x.Request.Method().String() {
	case "STORE":
		outcome, err = keep(x, arg)
	case "FETCH":
		outcome, err = fetch(x, arg)
	case "ENV":
		outcome = x.Env(arg).String()
	case "MEASURE":
		err = x.Metrics.Add(arg, 1, "outcome", "hit")
	case "INSIST":
		if _, err = x.HTTP.Get(arg); err != nil {
			panic(err)
		}
	}
	if err != nil {
		outcome = err.Error()
	}
	return x.Answer(200, []byte(outcome))
}

// keep goes through all that can be done with a key.
func keep(x *sallyport.Exchange, key string) (string, error) {
	created, err := x.KV.SetIfAbsent(key, "7", time.Hour)
	if err != nil {
		return "", err
	}
	sum, err := x.KV.Incr(key, 1<<40, 0)
	if err != nil {
		return "", err
	}
	value, err := x.KV.Get(key)
	if err != nil {
		return "", err
	}
	none, err := x.KV.Get(key + "-none")
	return fmt.Sprintf("%v %d %s %v", created, sum, value, none == nil), err
}

// fetch sends a request.
func fetch(x *sallyport.Exchange, url string) (string, error) {
	r, err := x.HTTP.Do(sallyport.HTTPRequest{
		Method: "POST", URL: url, Body: []byte("ping"),
		Header: []sallyport.Field{{Name: "X-Plugin", Value: "grants"}},
	})
	if err != nil {
		return "", err
	}
	fields := 0
	for range r.Headers() {
		fields++
	}
	return fmt.Sprintf("%d %s %v %s", r.Status, r.Header("X-Echo"), fields > 1, r.Body()), nil
}

func main() {}
