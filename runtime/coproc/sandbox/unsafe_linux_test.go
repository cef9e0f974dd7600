package sandbox_test

import "unsafe"

func unsafePointer(b *[120]byte) unsafe.Pointer { return unsafe.Pointer(b) }
