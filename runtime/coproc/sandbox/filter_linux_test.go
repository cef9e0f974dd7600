//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// call is what a filter sees of a system call.
type call struct {
	arch, number uint32
	args         [6]uint64
}

// decide runs a filter as the kernel does.
func (c code) decide(t *testing.T, in call) uint32 {
	t.Helper()
	var data [64]byte
	binary.LittleEndian.PutUint32(data[offNumber:], in.number)
	binary.LittleEndian.PutUint32(data[offArch:], in.arch)
	for i, arg := range in.args {
		binary.LittleEndian.PutUint64(data[offArgs+8*i:], arg)
	}
	var a uint32
	for pc := 0; pc < len(c); pc++ {
		i := c[pc]
		yes := false
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(data[i.K:])
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= i.K
			continue
		case unix.BPF_RET | unix.BPF_K:
			return i.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			yes = a == i.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			yes = a >= i.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			yes = a&i.K != 0
		default:
			t.Fatalf("instruction %d has code %#x", pc, i.Code)
		}
		if yes {
			pc += int(i.Jt)
		} else {
			pc += int(i.Jf)
		}
	}
	t.Fatal("the filter ends without a decision")
	return 0
}

func TestFilterDecides(t *testing.T) {
	socket := func(args ...uint64) call {
		c := call{arch: auditArch, number: unix.SYS_SOCKET}
		copy(c.args[:], args)
		return c
	}
	const (
		none = iota
		tcp
		udp
		all
	)
	for _, test := range []struct {
		name  string
		call  call
		grant int
		want  uint32
	}{
		{"read", call{arch: auditArch, number: unix.SYS_READ}, none, retAllow},
		{"another architecture", call{arch: unix.AUDIT_ARCH_I386, number: unix.SYS_READ}, all, retKill},
		{"ptrace", call{arch: auditArch, number: unix.SYS_PTRACE}, all, retPerm},
		{"a message queue", call{arch: auditArch, number: unix.SYS_MSGGET}, all, retPerm},
		{"a semaphore set", call{arch: auditArch, number: unix.SYS_SEMGET}, all, retPerm},
		{"an existing shared segment", call{arch: auditArch, number: unix.SYS_SHMAT}, all, retPerm},
		{"a POSIX message queue", call{arch: auditArch, number: unix.SYS_MQ_OPEN}, all, retPerm},
		{"names of files by inotify", call{arch: auditArch, number: unix.SYS_INOTIFY_INIT1}, all, retPerm},
		{"setsid", call{arch: auditArch, number: unix.SYS_SETSID}, all, retPerm},
		{"clone3", call{arch: auditArch, number: unix.SYS_CLONE3}, none, retNoSys},
		{"a thread", call{arch: auditArch, number: unix.SYS_CLONE, args: [6]uint64{unix.CLONE_VM | unix.CLONE_THREAD}}, none, retAllow},
		{"a namespace", call{arch: auditArch, number: unix.SYS_CLONE, args: [6]uint64{unix.CLONE_NEWUSER}}, all, retPerm},
		{"its own limits", call{arch: auditArch, number: unix.SYS_PRLIMIT64}, none, retAllow},
		{"limits of another", call{arch: auditArch, number: unix.SYS_PRLIMIT64, args: [6]uint64{4711}}, all, retPerm},
		{"tcp", socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), tcp, retAllow},
		{"tcp by name", socket(unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP), tcp, retAllow},
		{"tcp without a grant", socket(unix.AF_INET, unix.SOCK_STREAM), udp, retPerm},
		{"multipath tcp", socket(unix.AF_INET, unix.SOCK_STREAM, 262), all, retPerm},
		{"sctp", socket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP), all, retPerm},
		{"udp", socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP), udp, retAllow},
		{"udp without a grant", socket(unix.AF_INET, unix.SOCK_DGRAM), tcp, retPerm},
		{"ping", socket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP), all, retPerm},
		{"raw", socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_TCP), all, retPerm},
		{"packet", socket(unix.AF_PACKET, unix.SOCK_RAW), all, retPerm},
		{"vsock", socket(unix.AF_VSOCK, unix.SOCK_STREAM), all, retPerm},
		{"unix", socket(unix.AF_UNIX, unix.SOCK_STREAM), all, retAllow},
		{"unix without a grant", socket(unix.AF_UNIX, unix.SOCK_STREAM), tcp, retPerm},
		{"addresses", socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE), none, retAllow},
		{"netfilter", socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER), all, retPerm},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &Network{UDP: word(test.grant >= udp), Unix: word(test.grant == all)}
			c, _ := filterFor(n, test.grant == tcp || test.grant == all)
			if got := c.decide(t, test.call); got != test.want {
				t.Errorf("decision %#x, want %#x", got, test.want)
			}
		})
	}
}
