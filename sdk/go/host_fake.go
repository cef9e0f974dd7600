//go:build !wasip1

package sallyport

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
)

// host is a Fake outside of WebAssembly.
type host struct{ fake *Fake }

// The functions below do what the host functions of the same name do.

func hostHeaderGet(h *host, message uint32, name string, buf []byte) int32 {
	values := h.fake.values(message, name)
	if len(values) == 0 {
		return int32(ErrNotFound)
	}
	return give(buf, values[0])
}

func hostHeaderValues(h *host, message uint32, name string, buf []byte) int32 {
	return giveList(buf, h.fake.values(message, name))
}

func hostHeaderNames(h *host, message uint32, buf []byte) int32 {
	return giveList(buf, h.fake.names(message))
}

func hostHeaderAll(h *host, message uint32, buf []byte) int32 {
	var items []string
	for _, field := range *h.fake.header(message) {
		items = append(items, field.Name, field.Value)
	}
	return giveList(buf, items)
}

func hostHeaderSet(h *host, message uint32, name, value string) int32 {
	if !h.fake.editable(message) {
		return int32(ErrReadOnly)
	}
	fields := h.fake.header(message)
	i := slices.IndexFunc(*fields, func(f Field) bool { return equalFold(f.Name, name) })
	if i < 0 {
		*fields = append(*fields, Field{name, value})
		return 0
	}
	(*fields)[i] = Field{name, value}
	h.fake.del(message, name, 1)
	return 0
}

func hostHeaderAdd(h *host, message uint32, name, value string) int32 {
	if !h.fake.editable(message) {
		return int32(ErrReadOnly)
	}
	fields := h.fake.header(message)
	*fields = append(*fields, Field{name, value})
	return 0
}

func hostHeaderDel(h *host, message uint32, name string) int32 {
	if !h.fake.editable(message) {
		return int32(ErrReadOnly)
	}
	h.fake.del(message, name, 0)
	return 0
}

func hostRequestGet(h *host, part uint32, buf []byte) int32 {
	p := h.fake.part(part)
	if p == nil {
		return int32(ErrInvalid)
	}
	return give(buf, *p)
}

func hostRequestSet(h *host, part uint32, value string) int32 {
	if part > partHost || !h.fake.editable(ofRequest) {
		return int32(ErrReadOnly)
	}
	*h.fake.part(part) = value
	return 0
}

func hostRequestBodySize(h *host) int32 { return int32(len(h.fake.RequestBody)) }

func hostRequestBodyRead(h *host, offset uint32, buf []byte) int32 {
	return readBody(h.fake.RequestBody, offset, buf)
}

func hostRequestBodySet(h *host, data []byte) int32 {
	if !h.fake.editable(ofRequest) {
		return int32(ErrReadOnly)
	}
	h.fake.RequestBody = slices.Clone(data)
	return 0
}

func hostRequestBodySplice(h *host, offset, count uint32, data []byte) int32 {
	if !h.fake.editable(ofRequest) {
		return int32(ErrReadOnly)
	}
	h.fake.RequestBody = spliceBody(h.fake.RequestBody, offset, count, data)
	return 0
}

func hostReplyStatus(h *host) int32 { return int32(h.fake.Status) }

func hostReplySetStatus(h *host, status uint32) int32 {
	switch {
	case status < 200 || status > 599:
		return int32(ErrInvalid)
	case !h.fake.editable(ofReply):
		return int32(ErrReadOnly)
	}
	h.fake.Status = int(status)
	return 0
}

func hostReplyAnswer(h *host, status uint32, data []byte) int32 {
	if n := hostReplySetStatus(h, status); n < 0 {
		return n
	}
	h.fake.ReplyHeader = nil
	return hostReplyBodySet(h, data)
}

func hostReplyBodySize(h *host) int32 { return int32(len(h.fake.ReplyBody)) }

func hostReplyBodyRead(h *host, offset uint32, buf []byte) int32 {
	return readBody(h.fake.ReplyBody, offset, buf)
}

func hostReplyBodySet(h *host, data []byte) int32 {
	if !h.fake.editable(ofReply) {
		return int32(ErrReadOnly)
	}
	h.fake.ReplyBody = slices.Clone(data)
	return 0
}

func hostReplyBodySplice(h *host, offset, count uint32, data []byte) int32 {
	if !h.fake.editable(ofReply) {
		return int32(ErrReadOnly)
	}
	h.fake.ReplyBody = spliceBody(h.fake.ReplyBody, offset, count, data)
	return 0
}

func hostMetaGet(h *host, name string, buf []byte) int32 {
	value, ok := h.fake.Meta[name]
	return giveIf(ok, buf, value)
}

func hostMetaSet(h *host, name, value string) int32 {
	if name == "" {
		return int32(ErrInvalid)
	}
	if h.fake.Meta == nil {
		h.fake.Meta = map[string]string{}
	}
	h.fake.Meta[name] = value
	return 0
}

func hostSessionGet(h *host, name string, buf []byte) int32 {
	text, ok := member(h.fake.Session, name)
	return giveIf(ok, buf, text)
}

func hostSessionSet(h *host, data string) int32 {
	switch {
	case !json.Valid([]byte(data)):
		return int32(ErrInvalid)
	case h.fake.Hook != "auth":
		return int32(ErrReadOnly)
	}
	h.fake.Session = json.RawMessage(data)
	return 0
}

func hostMetadataGet(h *host, name string, buf []byte) int32 {
	metadata, _ := member(h.fake.Session, "meta_data")
	text, ok := member(json.RawMessage(metadata), name)
	return giveIf(ok, buf, text)
}

func hostMetadataSet(h *host, data string) int32 {
	session := map[string]json.RawMessage{}
	switch {
	case !json.Valid([]byte(data)):
		return int32(ErrInvalid)
	case json.Unmarshal(h.fake.Session, &session) != nil:
		return int32(ErrReadOnly)
	}
	session["meta_data"] = json.RawMessage(data)
	h.fake.Session, _ = json.Marshal(session)
	return 0
}

func hostConfigGet(h *host, scope uint32, name string, buf []byte) int32 {
	object := h.fake.Config
	if scope == scopeAPI {
		object = h.fake.API.Config
	}
	text, ok := member(object, name)
	return giveIf(ok, buf, text)
}

func hostAPIGet(h *host, part uint32, buf []byte) int32 {
	a := &h.fake.API
	return give(buf, [...]string{a.ID, a.Name, a.OrgID, a.ListenPath}[part])
}

func hostNoticeGet(h *host, part uint32, buf []byte) int32 {
	return give(buf, [...]string{h.fake.Notice.Name, string(h.fake.Notice.Data)}[part])
}

func hostLog(h *host, _ uint32, text string) int32 {
	h.fake.Logs = append(h.fake.Logs, text)
	return 0
}

func hostTimeLeft(h *host) int64 { return int64(h.fake.TimeLeft) }

// give writes text to a buffer if it fits, and returns its length.
func give(buf []byte, text string) int32 {
	if len(text) <= len(buf) {
		copy(buf, text)
	}
	return int32(len(text))
}

func giveIf(ok bool, buf []byte, text string) int32 {
	if !ok {
		return int32(ErrNotFound)
	}
	return give(buf, text)
}

func giveList(buf []byte, items []string) int32 {
	list := binary.LittleEndian.AppendUint32(nil, uint32(len(items)))
	for _, item := range items {
		list = binary.LittleEndian.AppendUint32(list, uint32(len(item)))
	}
	for _, item := range items {
		list = append(list, item...)
	}
	return give(buf, string(list))
}

func readBody(body []byte, offset uint32, buf []byte) int32 {
	return int32(copy(buf, body[min(int(offset), len(body)):]))
}

func spliceBody(body []byte, offset, count uint32, data []byte) []byte {
	from := min(int(offset), len(body))
	to := min(from+int(count), len(body))
	return slices.Concat(body[:from], data, body[to:])
}

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
