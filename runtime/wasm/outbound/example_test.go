package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	defer server.Close()
	client, err := outbound.New(outbound.Config{Allow: []string{server.URL + "/v1/*"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	get := []byte("GET")
	r, err := client.Do(context.Background(), &outbound.HTTPRequest{Method: get, URL: []byte(server.URL + "/v1/greeting")})
	fmt.Println(r.Status, string(r.Body), err)
	_, err = client.Do(context.Background(), &outbound.HTTPRequest{Method: get, URL: []byte(server.URL + "/admin")})
	fmt.Println(errors.Is(err, outbound.ErrDenied))
	// Output:
	// 200 hello <nil>
	// true
}
