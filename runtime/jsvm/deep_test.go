package jsvm_test

// deep are scripts whose depth could overflow the stack of Go, which nothing
// can recover from.
var deep = map[string]scenario{}
