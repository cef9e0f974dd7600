// The host functions, as abi/ABI.md specifies them. The compiler keeps the
// imports of those that a plugin can reach and drops the others: that is how
// a plugin declares the bodies it needs.

@external("sallyport", "header_get")
export declare function header_get(message: u32, name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "header_values")
export declare function header_values(message: u32, name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "header_names")
export declare function header_names(message: u32, buf: usize, cap: usize): i32;

@external("sallyport", "header_all")
export declare function header_all(message: u32, buf: usize, cap: usize): i32;

@external("sallyport", "header_set")
export declare function header_set(message: u32, name: usize, nameLen: u32, value: usize, valueLen: u32): i32;

@external("sallyport", "header_add")
export declare function header_add(message: u32, name: usize, nameLen: u32, value: usize, valueLen: u32): i32;

@external("sallyport", "header_del")
export declare function header_del(message: u32, name: usize, nameLen: u32): i32;

@external("sallyport", "request_get")
export declare function request_get(part: u32, buf: usize, cap: usize): i32;

@external("sallyport", "request_set")
export declare function request_set(part: u32, value: usize, valueLen: u32): i32;

@external("sallyport", "request_body_size")
export declare function request_body_size(): i32;

@external("sallyport", "request_body_read")
export declare function request_body_read(offset: u32, buf: usize, cap: usize): i32;

@external("sallyport", "request_body_splice")
export declare function request_body_splice(offset: u32, count: u32, data: usize, dataLen: u32): i32;

@external("sallyport", "request_body_set")
export declare function request_body_set(data: usize, dataLen: u32): i32;

@external("sallyport", "reply_status")
export declare function reply_status(): i32;

@external("sallyport", "reply_set_status")
export declare function reply_set_status(status: u32): i32;

@external("sallyport", "reply_answer")
export declare function reply_answer(status: u32, body: usize, bodyLen: u32): i32;

@external("sallyport", "reply_body_size")
export declare function reply_body_size(): i32;

@external("sallyport", "reply_body_read")
export declare function reply_body_read(offset: u32, buf: usize, cap: usize): i32;

@external("sallyport", "reply_body_splice")
export declare function reply_body_splice(offset: u32, count: u32, data: usize, dataLen: u32): i32;

@external("sallyport", "reply_body_set")
export declare function reply_body_set(data: usize, dataLen: u32): i32;

@external("sallyport", "meta_get")
export declare function meta_get(name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "meta_set")
export declare function meta_set(name: usize, nameLen: u32, value: usize, valueLen: u32): i32;

@external("sallyport", "session_get")
export declare function session_get(name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "session_set")
export declare function session_set(json: usize, jsonLen: u32): i32;

@external("sallyport", "metadata_get")
export declare function metadata_get(name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "metadata_set")
export declare function metadata_set(json: usize, jsonLen: u32): i32;

@external("sallyport", "config_get")
export declare function config_get(scope: u32, name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "api_get")
export declare function api_get(part: u32, buf: usize, cap: usize): i32;

@external("sallyport", "notice_get")
export declare function notice_get(part: u32, buf: usize, cap: usize): i32;

@external("sallyport", "log")
export declare function log(level: u32, text: usize, textLen: u32): i32;

@external("sallyport", "clock")
export declare function clock(id: u32): i64;

@external("sallyport", "time_left")
export declare function time_left(): i64;

@external("sallyport", "random")
export declare function random(buf: usize, cap: usize): i32;

@external("sallyport", "metric_add")
export declare function metric_add(name: usize, nameLen: u32, labels: usize, labelsLen: u32, value: f64): i32;

@external("sallyport", "metric_set")
export declare function metric_set(name: usize, nameLen: u32, labels: usize, labelsLen: u32, value: f64): i32;

// The functions below must be granted by the configuration of the plugin.

@external("sallyport", "kv_get")
export declare function kv_get(key: usize, keyLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "kv_set")
export declare function kv_set(key: usize, keyLen: u32, value: usize, valueLen: u32, ttl: i64): i32;

@external("sallyport", "kv_set_if_absent")
export declare function kv_set_if_absent(key: usize, keyLen: u32, value: usize, valueLen: u32, ttl: i64): i32;

@external("sallyport", "kv_incr")
export declare function kv_incr(key: usize, keyLen: u32, sum: usize, delta: i64, ttl: i64): i32;

@external("sallyport", "kv_del")
export declare function kv_del(key: usize, keyLen: u32): i32;

@external("sallyport", "http_request")
export declare function http_request(
  method: usize, methodLen: u32, url: usize, urlLen: u32,
  header: usize, headerLen: u32, body: usize, bodyLen: u32,
): i32;

@external("sallyport", "http_response_header")
export declare function http_response_header(name: usize, nameLen: u32, buf: usize, cap: usize): i32;

@external("sallyport", "http_response_header_all")
export declare function http_response_header_all(buf: usize, cap: usize): i32;

@external("sallyport", "http_response_body_size")
export declare function http_response_body_size(): i32;

@external("sallyport", "http_response_body_read")
export declare function http_response_body_read(offset: u32, buf: usize, cap: usize): i32;

@external("sallyport", "env_get")
export declare function env_get(name: usize, nameLen: u32, buf: usize, cap: usize): i32;
