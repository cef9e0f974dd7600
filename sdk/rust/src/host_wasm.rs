//! The functions of the gateway, in WebAssembly.

/// The gateway.
pub(crate) struct Host;

/// Ends the hook.
pub fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// Ends the hook; the reason is in the log.
pub(crate) fn fail(_: &str) -> ! {
    trap()
}

mod import {
    #[link(wasm_import_module = "sallyport")]
    extern "C" {
        pub fn header_get(message: u32, name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn header_values(message: u32, name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn header_names(message: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn header_all(message: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn header_set(message: u32, name: *const u8, name_len: usize, value: *const u8, len: usize) -> i32;
        pub fn header_add(message: u32, name: *const u8, name_len: usize, value: *const u8, len: usize) -> i32;
        pub fn header_del(message: u32, name: *const u8, name_len: usize) -> i32;
        pub fn request_get(part: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn request_set(part: u32, value: *const u8, len: usize) -> i32;
        pub fn request_body_size() -> i32;
        pub fn request_body_read(offset: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn request_body_splice(offset: u32, count: u32, bytes: *const u8, len: usize) -> i32;
        pub fn request_body_set(bytes: *const u8, len: usize) -> i32;
        pub fn reply_status() -> i32;
        pub fn reply_set_status(status: u32) -> i32;
        pub fn reply_answer(status: u32, body: *const u8, len: usize) -> i32;
        pub fn reply_body_size() -> i32;
        pub fn reply_body_read(offset: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn reply_body_splice(offset: u32, count: u32, bytes: *const u8, len: usize) -> i32;
        pub fn reply_body_set(bytes: *const u8, len: usize) -> i32;
        pub fn meta_get(name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn meta_set(name: *const u8, name_len: usize, value: *const u8, len: usize) -> i32;
        pub fn session_get(name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn session_set(json: *const u8, len: usize) -> i32;
        pub fn metadata_get(name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn metadata_set(json: *const u8, len: usize) -> i32;
        pub fn config_get(scope: u32, name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn api_get(part: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn notice_get(part: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn log(level: u32, text: *const u8, len: usize) -> i32;
        pub fn clock(id: u32) -> i64;
        pub fn time_left() -> i64;
        pub fn random(buf: *mut u8, cap: usize) -> i32;
        pub fn metric_add(name: *const u8, name_len: usize, labels: *const u8, len: usize, value: f64) -> i32;
        pub fn metric_set(name: *const u8, name_len: usize, labels: *const u8, len: usize, value: f64) -> i32;
        pub fn kv_get(key: *const u8, key_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn kv_set(key: *const u8, key_len: usize, value: *const u8, len: usize, ttl: i64) -> i32;
        pub fn kv_set_if_absent(key: *const u8, key_len: usize, value: *const u8, len: usize, ttl: i64) -> i32;
        pub fn kv_incr(key: *const u8, key_len: usize, sum: *mut i64, delta: i64, ttl: i64) -> i32;
        pub fn kv_del(key: *const u8, key_len: usize) -> i32;
        pub fn http_request(
            method: *const u8,
            method_len: usize,
            url: *const u8,
            url_len: usize,
            header: *const u8,
            header_len: usize,
            body: *const u8,
            len: usize,
        ) -> i32;
        pub fn http_response_header(name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
        pub fn http_response_header_all(buf: *mut u8, cap: usize) -> i32;
        pub fn http_response_body_size() -> i32;
        pub fn http_response_body_read(offset: u32, buf: *mut u8, cap: usize) -> i32;
        pub fn env_get(name: *const u8, name_len: usize, buf: *mut u8, cap: usize) -> i32;
    }
}

/// Writes methods that hand their arguments to imports: numbers as they are,
/// `in` bytes to read, `out` a buffer and `sum` a number to write to.
macro_rules! methods {
    ($($name:ident($($arg:ident: $kind:tt),*) -> $result:ty;)*) => {
        // SAFETY: slices are valid for their length.
        impl Host {
            $(#[inline]
            pub(crate) fn $name(&self $(, $arg: methods!(@type $kind))*) -> $result {
                methods!(@call $name [] $($arg: $kind),*)
            })*
        }
    };
    (@type u32) => { u32 };
    (@type i64) => { i64 };
    (@type f64) => { f64 };
    (@type sum) => { &mut i64 };
    (@type in) => { &[u8] };
    (@type out) => { &mut [u8] };
    (@call $name:ident [$($done:expr),*]) => { unsafe { import::$name($($done),*) } };
    (@call $name:ident [$($done:expr),*] $arg:ident: in $(, $($rest:tt)*)?) => {
        methods!(@call $name [$($done,)* $arg.as_ptr(), $arg.len()] $($($rest)*)?)
    };
    (@call $name:ident [$($done:expr),*] $arg:ident: out $(, $($rest:tt)*)?) => {
        methods!(@call $name [$($done,)* $arg.as_mut_ptr(), $arg.len()] $($($rest)*)?)
    };
    (@call $name:ident [$($done:expr),*] $arg:ident: $number:tt $(, $($rest:tt)*)?) => {
        methods!(@call $name [$($done,)* $arg] $($($rest)*)?)
    };
}

methods! {
    header_get(message: u32, name: in, buf: out) -> i32;
    header_values(message: u32, name: in, buf: out) -> i32;
    header_names(message: u32, buf: out) -> i32;
    header_all(message: u32, buf: out) -> i32;
    header_set(message: u32, name: in, value: in) -> i32;
    header_add(message: u32, name: in, value: in) -> i32;
    header_del(message: u32, name: in) -> i32;
    request_get(part: u32, buf: out) -> i32;
    request_set(part: u32, value: in) -> i32;
    request_body_size() -> i32;
    request_body_read(offset: u32, buf: out) -> i32;
    request_body_splice(offset: u32, count: u32, bytes: in) -> i32;
    request_body_set(bytes: in) -> i32;
    reply_status() -> i32;
    reply_set_status(status: u32) -> i32;
    reply_answer(status: u32, body: in) -> i32;
    reply_body_size() -> i32;
    reply_body_read(offset: u32, buf: out) -> i32;
    reply_body_splice(offset: u32, count: u32, bytes: in) -> i32;
    reply_body_set(bytes: in) -> i32;
    meta_get(name: in, buf: out) -> i32;
    meta_set(name: in, value: in) -> i32;
    session_get(name: in, buf: out) -> i32;
    session_set(json: in) -> i32;
    metadata_get(name: in, buf: out) -> i32;
    metadata_set(json: in) -> i32;
    config_get(scope: u32, name: in, buf: out) -> i32;
    api_get(part: u32, buf: out) -> i32;
    notice_get(part: u32, buf: out) -> i32;
    log(level: u32, text: in) -> i32;
    clock(id: u32) -> i64;
    time_left() -> i64;
    random(buf: out) -> i32;
    metric_add(name: in, labels: in, value: f64) -> i32;
    metric_set(name: in, labels: in, value: f64) -> i32;
    kv_get(key: in, buf: out) -> i32;
    kv_set(key: in, value: in, ttl: i64) -> i32;
    kv_set_if_absent(key: in, value: in, ttl: i64) -> i32;
    kv_incr(key: in, sum: sum, delta: i64, ttl: i64) -> i32;
    kv_del(key: in) -> i32;
    http_request(method: in, url: in, header: in, body: in) -> i32;
    http_response_header(name: in, buf: out) -> i32;
    http_response_header_all(buf: out) -> i32;
    http_response_body_size() -> i32;
    http_response_body_read(offset: u32, buf: out) -> i32;
    env_get(name: in, buf: out) -> i32;
}

#[cfg(not(target_os = "wasi"))]
const PAGE: usize = 64 << 10;

#[cfg(not(target_os = "wasi"))]
impl Host {
    /// Returns n or more new bytes, all zero, at the end of the memory.
    pub(crate) fn more(&self, n: usize) -> (*mut u8, usize) {
        let pages = (n + (PAGE - 1)) / PAGE;
        let page = core::arch::wasm32::memory_grow(0, pages);
        if page == usize::MAX {
            trap();
        }
        ((page * PAGE) as *mut u8, pages * PAGE)
    }

    /// Returns how many bytes a buffer with that end has grown by: n or more,
    /// if the memory ends there, or none.
    pub(crate) fn extend(&self, end: *mut u8, n: usize) -> usize {
        if end as usize != core::arch::wasm32::memory_size(0) * PAGE {
            return 0;
        }
        self.more(n).1
    }
}

/// The allocator of std's libc owns the whole memory, so buffers come from it.
#[cfg(target_os = "wasi")]
impl Host {
    /// Returns n new bytes, all zero.
    pub(crate) fn more(&self, n: usize) -> (*mut u8, usize) {
        extern "C" {
            fn calloc(count: usize, size: usize) -> *mut u8;
        }
        // SAFETY: calloc has no preconditions.
        let p = unsafe { calloc(n, 1) };
        if p.is_null() {
            trap();
        }
        (p, n)
    }

    /// Returns how many bytes a buffer with that end has grown by: none.
    pub(crate) fn extend(&self, _: *mut u8, _: usize) -> usize {
        0
    }
}
