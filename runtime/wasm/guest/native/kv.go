package native

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// KV is where the values of guests are kept.
type KV = abi.KV

// Limits of keys and values.
const (
	maxKey   = 256
	maxValue = 64 << 10
)

// KeyPattern is a grant of keys: one key, or all that begin alike.
type KeyPattern struct {
	text   string
	prefix bool
}

var errKeyPattern = errors.New("want a key of 1 to 256 bytes, which may end with a * for all keys that begin alike")

// ParseKeyPattern reads a grant. A * stands at its end only.
func ParseKeyPattern(text string) (p KeyPattern, err error) {
	p.text, p.prefix = strings.CutSuffix(text, "*")
	if text == "" || len(p.text) > maxKey || strings.Contains(p.text, "*") {
		return p, errKeyPattern
	}
	return p, nil
}

// Allows reports whether the key was granted.
func (p *KeyPattern) Allows(key []byte) bool {
	if p.prefix {
		return len(key) >= len(p.text) && string(key[:len(p.text)]) == p.text
	}
	return string(key) == p.text
}

// kvGet (key, key_len, buf, cap) reads a value.
func kvGet(c *Call, f hostFrame) int64 {
	key, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	if code := c.checkKey(key); code != 0 {
		return code
	}
	value, _, ok, err := c.host.kv.Get(c.deadline, key)
	switch {
	case err != nil:
		return c.failed(err)
	case !ok:
		return int64(CodeNotFound)
	}
	return f.give(2, value)
}

// kvSet (key, key_len, value, value_len, ttl) stores a value.
func kvSet(c *Call, f hostFrame) int64 {
	key, value, ttl, code := kvArgs(c, f)
	if code != 0 {
		return code
	}
	if err := c.host.kv.Set(c.deadline, key, value, ttl); err != nil {
		return c.failed(err)
	}
	return 0
}

// kvSetIfAbsent (key, key_len, value, value_len, ttl) stores a value if there
// is none. It returns 1 if it did and 0 if there was one.
func kvSetIfAbsent(c *Call, f hostFrame) int64 {
	key, value, ttl, code := kvArgs(c, f)
	if code != 0 {
		return code
	}
	ok, err := c.host.kv.Add(c.deadline, key, value, ttl)
	switch {
	case err != nil:
		return c.failed(err)
	case ok:
		return 1
	}
	return 0
}

// kvDel (key, key_len) removes a value.
func kvDel(c *Call, f hostFrame) int64 {
	key, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	if code := c.checkKey(key); code != 0 {
		return code
	}
	if err := c.host.kv.Del(c.deadline, key); err != nil {
		return c.failed(err)
	}
	return 0
}

// sumSize is the size of the number that kv_incr writes.
const sumSize = 8

// kvIncr (key, key_len, sum, delta, ttl) adds to a number and writes the sum,
// an i64, to sum.
func kvIncr(c *Call, f hostFrame) int64 {
	key, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	out, ok := f.memory.Read(f.u32(2), sumSize)
	if !ok {
		return int64(CodeFault)
	}
	ttl, ok := f.ttl(4)
	if !ok {
		return int64(CodeInvalid)
	}
	if code := c.checkKey(key); code != 0 {
		return code
	}
	sum, err := c.host.kv.Incr(c.deadline, key, f.i64(3), ttl)
	if err != nil {
		return c.failed(err)
	}
	binary.LittleEndian.PutUint64(out, uint64(sum))
	return 0
}

// kvArgs reads and checks (key, key_len, value, value_len, ttl).
func kvArgs(c *Call, f hostFrame) (key, value []byte, ttl time.Duration, code int64) {
	key, ok := f.bytes(0)
	if !ok {
		return nil, nil, 0, int64(CodeFault)
	}
	value, ok = f.bytes(2)
	if !ok {
		return nil, nil, 0, int64(CodeFault)
	}
	if ttl, ok = f.ttl(4); !ok {
		return nil, nil, 0, int64(CodeInvalid)
	}
	if len(value) > maxValue {
		return nil, nil, 0, c.refuse(CodeLimit, errValueSize)
	}
	return key, value, ttl, c.checkKey(key)
}

// ttl returns the time to live in argument i, in milliseconds; ok is false if
// it is negative or too large.
func (f hostFrame) ttl(i int) (ttl time.Duration, ok bool) {
	ms := f.i64(i)
	if ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// checkKey returns the code of a key that must not be used, or that of a call
// after which no value is of use, or 0.
func (c *Call) checkKey(key []byte) int64 {
	if len(key) == 0 || len(key) > maxKey {
		return int64(CodeInvalid)
	}
	for i := range c.host.keys {
		if c.host.keys[i].Allows(key) {
			return c.checkDeadline()
		}
	}
	return c.refuse(CodeDenied, errKeyDenied)
}

var (
	errKeyDenied = &abi.Error{Kind: abi.Protocol, Err: errors.New("a key that no pattern of allow: kv covers")}
	errValueSize = &abi.Error{Kind: abi.Limit, Err: errors.New("a value has at most 64 KiB")}
)
