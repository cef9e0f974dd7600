package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_AARCH64
	x32Bit    = 0 // there is no second ABI to mark
)

// deniedHere are those that only this architecture has.
var deniedHere = [...]uint32{unix.SYS_LOOKUP_DCOOKIE}
