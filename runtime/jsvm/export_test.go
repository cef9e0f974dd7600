package jsvm

import "github.com/c386954a/sallyport/runtime/jsvm/lazy"

// CopyCompletely makes templates whose copies are otto's own, until the function
// that it returns is called.
func CopyCompletely() (undo func()) {
	newTemplate = lazy.NewComplete
	return func() { newTemplate = lazy.New }
}
