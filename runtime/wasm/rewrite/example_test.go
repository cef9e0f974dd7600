package rewrite_test

import (
	"fmt"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

func ExampleRewrite() {
	// A module with one memory of two pages and a function "add".
	module := []byte("\x00asm\x01\x00\x00\x00" +
		"\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f" + // type (i32, i32) -> (i32)
		"\x03\x02\x01\x00" +
		"\x05\x03\x01\x00\x02" +
		"\x07\x07\x01\x03add\x00\x00" +
		"\x0a\x09\x01\x07\x00\x20\x00\x20\x01\x6a\x0b")
	out, report, err := rewrite.Rewrite(module, rewrite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("longer:", len(out) > len(module))
	for _, e := range report.Exports {
		fmt.Println(e.Kind, e.Name, e.Type)
	}
	fmt.Println("pages:", report.Memory.Min, "restorable:", report.Restorable)

	_, _, err = rewrite.Rewrite(module[:len(module)-1], rewrite.Options{})
	fmt.Println(err)
	// Output:
	// longer: true
	// func add (i32, i32) -> (i32)
	// pages: 2 restorable: true
	// rewrite: code section, offset 0x24: 9 elements announced, 8 bytes left
}
