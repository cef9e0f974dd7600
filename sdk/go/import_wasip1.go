//go:build wasip1

package sallyport

import "unsafe"

// The host functions, as ABI.md specifies them. They keep no pointer after
// they have returned.

//go:wasmimport sallyport header_get
//go:noescape
func importHeaderGet(message uint32, name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport header_values
//go:noescape
func importHeaderValues(message uint32, name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport header_names
//go:noescape
func importHeaderNames(message uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport header_all
//go:noescape
func importHeaderAll(message uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport header_set
//go:noescape
func importHeaderSet(message uint32, name unsafe.Pointer, nameLen uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport sallyport header_add
//go:noescape
func importHeaderAdd(message uint32, name unsafe.Pointer, nameLen uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport sallyport header_del
//go:noescape
func importHeaderDel(message uint32, name unsafe.Pointer, nameLen uint32) int32

//go:wasmimport sallyport request_get
//go:noescape
func importRequestGet(part uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport request_set
//go:noescape
func importRequestSet(part uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport sallyport request_body_size
//go:noescape
func importRequestBodySize() int32

//go:wasmimport sallyport request_body_read
//go:noescape
func importRequestBodyRead(offset uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport request_body_set
//go:noescape
func importRequestBodySet(data unsafe.Pointer, dataLen uint32) int32

//go:wasmimport sallyport request_body_splice
//go:noescape
func importRequestBodySplice(offset uint32, count uint32, data unsafe.Pointer, dataLen uint32) int32

//go:wasmimport sallyport reply_status
//go:noescape
func importReplyStatus() int32

//go:wasmimport sallyport reply_set_status
//go:noescape
func importReplySetStatus(status uint32) int32

//go:wasmimport sallyport reply_answer
//go:noescape
func importReplyAnswer(status uint32, data unsafe.Pointer, dataLen uint32) int32

//go:wasmimport sallyport reply_body_size
//go:noescape
func importReplyBodySize() int32

//go:wasmimport sallyport reply_body_read
//go:noescape
func importReplyBodyRead(offset uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport reply_body_set
//go:noescape
func importReplyBodySet(data unsafe.Pointer, dataLen uint32) int32

//go:wasmimport sallyport reply_body_splice
//go:noescape
func importReplyBodySplice(offset uint32, count uint32, data unsafe.Pointer, dataLen uint32) int32

//go:wasmimport sallyport meta_get
//go:noescape
func importMetaGet(name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport meta_set
//go:noescape
func importMetaSet(name unsafe.Pointer, nameLen uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport sallyport session_get
//go:noescape
func importSessionGet(name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport session_set
//go:noescape
func importSessionSet(json unsafe.Pointer, jsonLen uint32) int32

//go:wasmimport sallyport metadata_get
//go:noescape
func importMetadataGet(name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport metadata_set
//go:noescape
func importMetadataSet(json unsafe.Pointer, jsonLen uint32) int32

//go:wasmimport sallyport config_get
//go:noescape
func importConfigGet(scope uint32, name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport api_get
//go:noescape
func importApiGet(part uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport notice_get
//go:noescape
func importNoticeGet(part uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport log
//go:noescape
func importLog(level uint32, text unsafe.Pointer, textLen uint32) int32

//go:wasmimport sallyport time_left
//go:noescape
func importTimeLeft() int64

//go:wasmimport sallyport kv_get
//go:noescape
func importKVGet(key unsafe.Pointer, keyLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport kv_set
//go:noescape
func importKVSet(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32, ttl int64) int32

//go:wasmimport sallyport kv_set_if_absent
//go:noescape
func importKVSetIfAbsent(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32, ttl int64) int32

//go:wasmimport sallyport kv_incr
//go:noescape
func importKVIncr(key unsafe.Pointer, keyLen uint32, sum unsafe.Pointer, delta int64, ttl int64) int32

//go:wasmimport sallyport kv_del
//go:noescape
func importKVDel(key unsafe.Pointer, keyLen uint32) int32

//go:wasmimport sallyport http_request
//go:noescape
func importHTTPRequest(
	method unsafe.Pointer, methodLen uint32, url unsafe.Pointer, urlLen uint32,
	header unsafe.Pointer, headerLen uint32, body unsafe.Pointer, bodyLen uint32,
) int32

//go:wasmimport sallyport http_response_header
//go:noescape
func importHTTPResponseHeader(name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport http_response_header_all
//go:noescape
func importHTTPResponseHeaderAll(buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport http_response_body_size
//go:noescape
func importHTTPResponseBodySize() int32

//go:wasmimport sallyport http_response_body_read
//go:noescape
func importHTTPResponseBodyRead(offset uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport env_get
//go:noescape
func importEnvGet(name unsafe.Pointer, nameLen uint32, buf unsafe.Pointer, bufLen uint32) int32

//go:wasmimport sallyport metric_add
//go:noescape
func importMetricAdd(name unsafe.Pointer, nameLen uint32, labels unsafe.Pointer, labelsLen uint32, value float64) int32

//go:wasmimport sallyport metric_set
//go:noescape
func importMetricSet(name unsafe.Pointer, nameLen uint32, labels unsafe.Pointer, labelsLen uint32, value float64) int32
