// Command guest is a reactor of ordinary size for measuring the rewriter.
package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

var result string

//go:wasmexport work
func work(n int32) int32 {
	words := map[string]int{}
	for i := range n {
		words[fmt.Sprintf("word-%d", i%17)]++
	}
	b, err := json.Marshal(words)
	if err != nil {
		return -1
	}
	result = strings.ToUpper(string(b))
	return int32(len(result))
}

func main() {}
