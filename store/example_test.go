package store_test

import (
	"fmt"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func Example() {
	s, err := store.Open("memory:")
	if err != nil {
		panic(err)
	}
	defer s.Close()

	deadline := time.Now().Add(50 * time.Millisecond)
	_ = s.PutSession(deadline, []byte("secret"), &abi.Session{KeyID: "k1", Alias: "ann"})
	session, _ := s.Session(deadline, []byte("secret"))
	fmt.Println(session.Alias)

	for range 2 {
		n, left, _ := s.Count(deadline, "rate", session.KeyID, time.Minute)
		fmt.Println(n, left.Round(time.Second))
	}
	// Output:
	// ann
	// 1 1m0s
	// 2 1m0s
}
