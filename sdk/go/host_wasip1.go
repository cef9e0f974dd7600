//go:build wasip1

package sallyport

import "unsafe"

// host has no state inside of WebAssembly: the gateway knows the instance.
type host struct{}

// The functions below pass strings and slices as pointer and length. Those
// that the plugin does not use are dropped by the linker, and their imports
// with them.

func hostHeaderGet(_ *host, message uint32, name string, buf []byte) int32 {
	return importHeaderGet(
		message,
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostHeaderValues(_ *host, message uint32, name string, buf []byte) int32 {
	return importHeaderValues(
		message,
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostHeaderNames(_ *host, message uint32, buf []byte) int32 {
	return importHeaderNames(message, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostHeaderAll(_ *host, message uint32, buf []byte) int32 {
	return importHeaderAll(message, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostHeaderSet(_ *host, message uint32, name string, value string) int32 {
	return importHeaderSet(
		message,
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)),
	)
}

func hostHeaderAdd(_ *host, message uint32, name string, value string) int32 {
	return importHeaderAdd(
		message,
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)),
	)
}

func hostHeaderDel(_ *host, message uint32, name string) int32 {
	return importHeaderDel(message, unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)))
}

func hostRequestGet(_ *host, part uint32, buf []byte) int32 {
	return importRequestGet(part, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostRequestSet(_ *host, part uint32, value string) int32 {
	return importRequestSet(part, unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)))
}

func hostRequestBodySize(_ *host) int32 {
	return importRequestBodySize()
}

func hostRequestBodyRead(_ *host, offset uint32, buf []byte) int32 {
	return importRequestBodyRead(offset, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostRequestBodySet(_ *host, data []byte) int32 {
	return importRequestBodySet(unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data)))
}

func hostRequestBodySplice(_ *host, offset uint32, count uint32, data []byte) int32 {
	return importRequestBodySplice(
		offset,
		count,
		unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data)),
	)
}

func hostReplyStatus(_ *host) int32 {
	return importReplyStatus()
}

func hostReplySetStatus(_ *host, status uint32) int32 {
	return importReplySetStatus(status)
}

func hostReplyAnswer(_ *host, status uint32, data []byte) int32 {
	return importReplyAnswer(status, unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data)))
}

func hostReplyBodySize(_ *host) int32 {
	return importReplyBodySize()
}

func hostReplyBodyRead(_ *host, offset uint32, buf []byte) int32 {
	return importReplyBodyRead(offset, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostReplyBodySet(_ *host, data []byte) int32 {
	return importReplyBodySet(unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data)))
}

func hostReplyBodySplice(_ *host, offset uint32, count uint32, data []byte) int32 {
	return importReplyBodySplice(
		offset,
		count,
		unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data)),
	)
}

func hostMetaGet(_ *host, name string, buf []byte) int32 {
	return importMetaGet(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostMetaSet(_ *host, name string, value string) int32 {
	return importMetaSet(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)),
	)
}

func hostSessionGet(_ *host, name string, buf []byte) int32 {
	return importSessionGet(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostSessionSet(_ *host, json string) int32 {
	return importSessionSet(unsafe.Pointer(unsafe.StringData(json)), uint32(len(json)))
}

func hostMetadataGet(_ *host, name string, buf []byte) int32 {
	return importMetadataGet(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostMetadataSet(_ *host, json string) int32 {
	return importMetadataSet(unsafe.Pointer(unsafe.StringData(json)), uint32(len(json)))
}

func hostConfigGet(_ *host, scope uint32, name string, buf []byte) int32 {
	return importConfigGet(
		scope,
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostAPIGet(_ *host, part uint32, buf []byte) int32 {
	return importApiGet(part, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostNoticeGet(_ *host, part uint32, buf []byte) int32 {
	return importNoticeGet(part, unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostLog(_ *host, level uint32, text string) int32 {
	return importLog(level, unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
}

func hostTimeLeft(_ *host) int64 {
	return importTimeLeft()
}

func hostKVGet(_ *host, key string, buf []byte) int32 {
	return importKVGet(
		unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostKVSet(_ *host, key string, value string, ttl int64) int32 {
	return importKVSet(
		unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)),
		ttl,
	)
}

func hostKVSetIfAbsent(_ *host, key string, value string, ttl int64) int32 {
	return importKVSetIfAbsent(
		unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)),
		ttl,
	)
}

func hostKVIncr(_ *host, key string, sum *int64, delta int64, ttl int64) int32 {
	return importKVIncr(
		unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)),
		unsafe.Pointer(sum),
		delta,
		ttl,
	)
}

func hostKVDel(_ *host, key string) int32 {
	return importKVDel(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)))
}

func hostHTTPRequest(_ *host, method string, url string, header []byte, body []byte) int32 {
	return importHTTPRequest(
		unsafe.Pointer(unsafe.StringData(method)), uint32(len(method)),
		unsafe.Pointer(unsafe.StringData(url)), uint32(len(url)),
		unsafe.Pointer(unsafe.SliceData(header)), uint32(len(header)),
		unsafe.Pointer(unsafe.SliceData(body)), uint32(len(body)),
	)
}

func hostHTTPResponseHeader(_ *host, name string, buf []byte) int32 {
	return importHTTPResponseHeader(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostHTTPResponseHeaderAll(_ *host, buf []byte) int32 {
	return importHTTPResponseHeaderAll(unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)))
}

func hostHTTPResponseBodySize(_ *host) int32 {
	return importHTTPResponseBodySize()
}

func hostHTTPResponseBodyRead(_ *host, offset uint32, buf []byte) int32 {
	return importHTTPResponseBodyRead(
		offset,
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostEnvGet(_ *host, name string, buf []byte) int32 {
	return importEnvGet(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(buf)), uint32(len(buf)),
	)
}

func hostMetricAdd(_ *host, name string, labels []byte, value float64) int32 {
	return importMetricAdd(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(labels)), uint32(len(labels)),
		value,
	)
}

func hostMetricSet(_ *host, name string, labels []byte, value float64) int32 {
	return importMetricSet(
		unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(labels)), uint32(len(labels)),
		value,
	)
}
