//go:build !wasip1

package sallyport

import (
	"errors"
	"strconv"
)

func hostKVGet(h *host, key string, buf []byte) int32 {
	value, ok := h.fake.KV[key]
	return giveIf(ok, buf, value)
}

func hostKVSet(h *host, key, value string, ttl int64) int32 {
	if key == "" || ttl < 0 {
		return int32(ErrInvalid)
	}
	if h.fake.KV == nil {
		h.fake.KV = map[string]string{}
	}
	h.fake.KV[key] = value
	return 0
}

func hostKVSetIfAbsent(h *host, key, value string, ttl int64) int32 {
	if _, ok := h.fake.KV[key]; ok {
		return 0
	}
	if n := hostKVSet(h, key, value, ttl); n < 0 {
		return n
	}
	return 1
}

func hostKVIncr(h *host, key string, sum *int64, delta, ttl int64) int32 {
	var n int64
	if text, ok := h.fake.KV[key]; ok {
		var err error
		if n, err = strconv.ParseInt(text, 10, 64); err != nil {
			return int32(ErrInvalid)
		}
	}
	*sum = n + delta
	return hostKVSet(h, key, strconv.FormatInt(*sum, 10), ttl)
}

func hostKVDel(h *host, key string) int32 {
	delete(h.fake.KV, key)
	return 0
}

func hostHTTPRequest(h *host, method, url string, header, body []byte) int32 {
	h.fake.response = nil
	if h.fake.HTTP == nil {
		return int32(ErrUnavailable)
	}
	q := HTTPRequest{Method: method, URL: url, Body: body}
	for name, value := range pairs(header) {
		q.Header = append(q.Header, Field{name.String(), value.String()})
	}
	response, err := h.fake.HTTP(q)
	if code := ErrUnavailable; err != nil {
		errors.As(err, &code)
		return int32(code)
	}
	h.fake.response = &response
	return int32(response.Status)
}

func hostHTTPResponseHeader(h *host, name string, buf []byte) int32 {
	if h.fake.response == nil {
		return int32(ErrNotFound)
	}
	for _, f := range h.fake.response.Header {
		if equalFold(f.Name, name) {
			return give(buf, f.Value)
		}
	}
	return int32(ErrNotFound)
}

func hostHTTPResponseHeaderAll(h *host, buf []byte) int32 {
	if h.fake.response == nil {
		return int32(ErrNotFound)
	}
	return give(buf, string(appendFields(nil, h.fake.response.Header)))
}

func hostHTTPResponseBodySize(h *host) int32 {
	if h.fake.response == nil {
		return int32(ErrNotFound)
	}
	return int32(len(h.fake.response.Body))
}

func hostHTTPResponseBodyRead(h *host, offset uint32, buf []byte) int32 {
	return readBody(h.fake.response.Body, offset, buf)
}

func hostEnvGet(h *host, name string, buf []byte) int32 {
	value, ok := h.fake.Env[name]
	return giveIf(ok, buf, value)
}

func hostMetricAdd(h *host, name string, labels []byte, value float64) int32 {
	if value < 0 {
		return int32(ErrInvalid)
	}
	series := seriesOf(name, labels)
	return hostMetric(h, series, h.fake.Metrics[series]+value)
}

func hostMetricSet(h *host, name string, labels []byte, value float64) int32 {
	return hostMetric(h, seriesOf(name, labels), value)
}

func hostMetric(h *host, series string, value float64) int32 {
	if h.fake.Metrics == nil {
		h.fake.Metrics = map[string]float64{}
	}
	h.fake.Metrics[series] = value
	return 0
}

// seriesOf returns how a Fake names a series.
func seriesOf(name string, labels []byte) string {
	for label, value := range pairs(labels) {
		name += " " + label.String() + "=" + value.String()
	}
	return name
}
