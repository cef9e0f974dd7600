package js

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

// KV is where scripts keep values; see [hostapi.Values].
type KV = hostapi.Values

// stored does what the storage functions have in common. What it returns to
// host.js begins with a mark: = a string, # a number or null or a truth value,
// ! an error to throw, and nothing for undefined.
func (c *hostCall) stored(f func(*hostapi.Storing) (string, error)) {
	answer, err := c.store(f)
	c.waited()
	switch {
	case err != nil:
		c.returns([]byte("!" + err.Error()))
	case answer != "":
		c.returns([]byte(answer))
	}
}

func (c *hostCall) store(f func(*hostapi.Storing) (string, error)) (string, error) {
	key := c.text(0)
	if err := hostapi.CheckStorageKey(key); err != nil {
		return "", err
	}
	p := c.program
	allows := func(k native.KeyPattern) bool { return k.Allows([]byte(key)) }
	if p.config.KV == nil || !slices.ContainsFunc(p.keys, allows) {
		return "", fmt.Errorf("the key %q is not granted; %s under the plugin would grant all",
			key, native.GrantLine([]string{"kv"}))
	}
	return f(hostapi.NewStoring(p.config.KV, c.deadline, key))
}

func (c *hostCall) storageGet() {
	c.stored(func(s *hostapi.Storing) (string, error) {
		value, ok, err := s.Get()
		if err != nil || !ok {
			return "#null", err
		}
		return "=" + string(value), nil
	})
}

func (c *hostCall) storageSet() {
	c.stored(func(s *hostapi.Storing) (string, error) {
		value, ttl, err := c.valueAndTTL()
		if err != nil {
			return "", err
		}
		return "", s.Set(value, ttl)
	})
}

func (c *hostCall) storageSetNX() {
	c.stored(func(s *hostapi.Storing) (string, error) {
		value, ttl, err := c.valueAndTTL()
		if err != nil {
			return "", err
		}
		ok, err := s.SetNX(value, ttl)
		return "#" + strconv.FormatBool(ok), err
	})
}

func (c *hostCall) storageDel() {
	c.stored(func(s *hostapi.Storing) (string, error) { return "", s.Del() })
}

func (c *hostCall) storageTTL() {
	c.stored(func(s *hostapi.Storing) (string, error) {
		seconds, err := s.TTL()
		return "#" + strconv.FormatInt(seconds, 10), err
	})
}

func (c *hostCall) storageIncr() {
	c.stored(func(s *hostapi.Storing) (string, error) {
		ttl, err := c.ttl(1)
		if err != nil {
			return "", err
		}
		sum, err := s.Incr(ttl)
		return "=" + sum, err
	})
}

func (c *hostCall) valueAndTTL() ([]byte, time.Duration, error) {
	value := c.bytes(1)
	if err := hostapi.CheckStorageValue(value); err != nil {
		return nil, 0, err
	}
	ttl, err := c.ttl(2)
	return value, ttl, err
}

// ttl reads whole seconds; no text is 0.
func (c *hostCall) ttl(argument uint32) (time.Duration, error) {
	text := c.text(argument)
	if text == "" {
		return 0, nil
	}
	return hostapi.ParseTTL(text)
}
