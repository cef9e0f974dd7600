// Sallyport SDK for C: plugins as WebAssembly, in one header file.
//
//     #include "sallyport.h"
//
//     SP_HOOK(pre)
//     {
//         if (!sp_header_has(SP_REQUEST, SP("Authorization")))
//             return sp_answer(401, SP("who are you?"));
//         sp_must(sp_header_set(SP_REQUEST, SP("X-Tenant"), SP("acme")));
//         return SP_CONTINUE;
//     }
//
// C99 and C++11; with wasi-libc or without any library. Tested with clang 19:
//
//     clang-19 --target=wasm32 -nostdlib -O2 -Wl,--no-entry,--strip-all
//         -o plugin.wasm plugin.c
//     clang-19 --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -O2
//         -Wl,--strip-all -o plugin.wasm plugin.c
//
// Hooks: what SP_HOOK defines is exported, and the exports are the
// declaration. A hook that does not exist does not compile.
//
// Bodies: the gateway buffers a body only for plugins that read it. Using one
// of sp_request_body, _body_size, _body_read or _body_splice anywhere declares
// that for the request, and the same with sp_reply_ for the reply.
//
// Values: an sp_str is a pointer and a length. What an accessor returns is
// valid until the hook returns, whatever is called in between; copy what must
// live longer. A value that is not there has a null pointer: see sp_found.
// Values go into a buffer that all hooks of an instance use in turn. Nothing
// is allocated once it has grown to what a hook needs.
//
// Errors: edits return 0 or an sp_error, and have no effect if they fail.
// sp_must ends the hook on an error, and the gateway discards all its edits.
//
// Tests: on other platforms, sallyport_fake.h stands in for the gateway.
//
// The functions underneath are specified in abi/ABI.md.
#ifndef SALLYPORT_H
#define SALLYPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__wasm__) || defined(__wasi__)
#include <stdlib.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

// The first size of the buffer for values. It is static data, so that a plugin
// whose hooks stay below it never grows its memory.
#ifndef SP_BUFFER
#define SP_BUFFER 4096
#endif

#ifdef __wasm__
#define SP_IMPORT_(name) __attribute__((import_module("sallyport"), import_name(#name))) extern
#define SP_EXPORT_(name) __attribute__((export_name("sallyport_" #name), visibility("default")))
#define SP_TRAP_() __builtin_trap()
#else
#define SP_IMPORT_(name) extern
#define SP_EXPORT_(name)
#define SP_TRAP_() sp_host_trap()
void sp_host_trap(void) __attribute__((noreturn));
#endif

#define SP_CHECKED_ static inline __attribute__((warn_unused_result))

// ---------------------------------------------------------------- types

// What a hook decides.
typedef int32_t sp_verdict;
enum {
    SP_CONTINUE = 0, // the request goes on
    SP_RESPOND = 1   // the request ends with the reply that the hook has set
};

// A message of the exchange.
typedef uint32_t sp_message;
enum { SP_REQUEST = 0, SP_REPLY = 1 };

// Errors of edits and other calls; 0 is success.
typedef int32_t sp_error;
enum {
    SP_NOT_FOUND = -1,   // there is no such value
    SP_FAULT = -2,       // pointer and length leave the memory
    SP_INVALID = -3,     // not a valid name, value, method, status, JSON text, …
    SP_READ_ONLY = -4,   // this part cannot be edited in this hook
    SP_LIMIT = -5,       // a limit is exceeded
    SP_STREAMED = -6,    // the body was not buffered for this hook
    SP_NO_CALL = -7,     // no hook is running
    SP_DENIED = -8,      // the key, URL, address or name was not granted
    SP_UNAVAILABLE = -9, // the store or the network did not answer as it should
    SP_TIMEOUT = -10     // the deadline of the hook passed
};

// Levels of log lines.
typedef uint32_t sp_level;
enum { SP_DEBUG = 0, SP_INFO = 1, SP_WARN = 2, SP_ERROR = 3 };

// Bytes somewhere else, not terminated by NUL. A null pointer means that there
// is no value, which is not the same as an empty one.
typedef struct {
    const char *ptr;
    size_t len;
} sp_str;

// A header field, or a label and its value.
typedef struct {
    sp_str name, value;
} sp_field;

// ---------------------------------------------------------------- host functions

SP_IMPORT_(header_get) int32_t sp_host_header_get(uint32_t message, const char *name, uint32_t name_len, char *buf,
    uint32_t cap);
SP_IMPORT_(header_values) int32_t sp_host_header_values(uint32_t message, const char *name, uint32_t name_len,
    char *buf, uint32_t cap);
SP_IMPORT_(header_names) int32_t sp_host_header_names(uint32_t message, char *buf, uint32_t cap);
SP_IMPORT_(header_all) int32_t sp_host_header_all(uint32_t message, char *buf, uint32_t cap);
SP_IMPORT_(header_set) int32_t sp_host_header_set(uint32_t message, const char *name, uint32_t name_len,
    const char *value, uint32_t len);
SP_IMPORT_(header_add) int32_t sp_host_header_add(uint32_t message, const char *name, uint32_t name_len,
    const char *value, uint32_t len);
SP_IMPORT_(header_del) int32_t sp_host_header_del(uint32_t message, const char *name, uint32_t name_len);

SP_IMPORT_(request_get) int32_t sp_host_request_get(uint32_t part, char *buf, uint32_t cap);
SP_IMPORT_(request_set) int32_t sp_host_request_set(uint32_t part, const char *value, uint32_t len);
SP_IMPORT_(request_body_size) int32_t sp_host_request_body_size(void);
SP_IMPORT_(request_body_read) int32_t sp_host_request_body_read(uint32_t offset, char *buf, uint32_t cap);
SP_IMPORT_(request_body_splice) int32_t sp_host_request_body_splice(uint32_t offset, uint32_t count,
    const char *bytes, uint32_t len);
SP_IMPORT_(request_body_set) int32_t sp_host_request_body_set(const char *bytes, uint32_t len);

SP_IMPORT_(reply_status) int32_t sp_host_reply_status(void);
SP_IMPORT_(reply_set_status) int32_t sp_host_reply_set_status(uint32_t status);
SP_IMPORT_(reply_answer) int32_t sp_host_reply_answer(uint32_t status, const char *body, uint32_t len);
SP_IMPORT_(reply_body_size) int32_t sp_host_reply_body_size(void);
SP_IMPORT_(reply_body_read) int32_t sp_host_reply_body_read(uint32_t offset, char *buf, uint32_t cap);
SP_IMPORT_(reply_body_splice) int32_t sp_host_reply_body_splice(uint32_t offset, uint32_t count, const char *bytes,
    uint32_t len);
SP_IMPORT_(reply_body_set) int32_t sp_host_reply_body_set(const char *bytes, uint32_t len);

SP_IMPORT_(meta_get) int32_t sp_host_meta_get(const char *name, uint32_t name_len, char *buf, uint32_t cap);
SP_IMPORT_(meta_set) int32_t sp_host_meta_set(const char *name, uint32_t name_len, const char *value, uint32_t len);
SP_IMPORT_(session_get) int32_t sp_host_session_get(const char *name, uint32_t name_len, char *buf, uint32_t cap);
SP_IMPORT_(session_set) int32_t sp_host_session_set(const char *json, uint32_t len);
SP_IMPORT_(metadata_get) int32_t sp_host_metadata_get(const char *name, uint32_t name_len, char *buf, uint32_t cap);
SP_IMPORT_(metadata_set) int32_t sp_host_metadata_set(const char *json, uint32_t len);
SP_IMPORT_(config_get) int32_t sp_host_config_get(uint32_t scope, const char *name, uint32_t name_len, char *buf,
    uint32_t cap);
SP_IMPORT_(api_get) int32_t sp_host_api_get(uint32_t part, char *buf, uint32_t cap);
SP_IMPORT_(notice_get) int32_t sp_host_notice_get(uint32_t part, char *buf, uint32_t cap);

SP_IMPORT_(log) int32_t sp_host_log(uint32_t level, const char *text, uint32_t len);
SP_IMPORT_(clock) int64_t sp_host_clock(uint32_t id);
SP_IMPORT_(time_left) int64_t sp_host_time_left(void);
SP_IMPORT_(random) int32_t sp_host_random(char *buf, uint32_t cap);
SP_IMPORT_(metric_add) int32_t sp_host_metric_add(const char *name, uint32_t name_len, const char *labels,
    uint32_t len, double value);
SP_IMPORT_(metric_set) int32_t sp_host_metric_set(const char *name, uint32_t name_len, const char *labels,
    uint32_t len, double value);

SP_IMPORT_(kv_get) int32_t sp_host_kv_get(const char *key, uint32_t key_len, char *buf, uint32_t cap);
SP_IMPORT_(kv_set) int32_t sp_host_kv_set(const char *key, uint32_t key_len, const char *value, uint32_t len,
    int64_t ttl);
SP_IMPORT_(kv_set_if_absent) int32_t sp_host_kv_set_if_absent(const char *key, uint32_t key_len, const char *value,
    uint32_t len, int64_t ttl);
SP_IMPORT_(kv_incr) int32_t sp_host_kv_incr(const char *key, uint32_t key_len, int64_t *sum, int64_t delta,
    int64_t ttl);
SP_IMPORT_(kv_del) int32_t sp_host_kv_del(const char *key, uint32_t key_len);
SP_IMPORT_(http_request) int32_t sp_host_http_request(const char *method, uint32_t method_len, const char *url,
    uint32_t url_len, const char *header, uint32_t header_len, const char *body, uint32_t len);
SP_IMPORT_(http_response_header) int32_t sp_host_http_response_header(const char *name, uint32_t name_len, char *buf,
    uint32_t cap);
SP_IMPORT_(http_response_header_all) int32_t sp_host_http_response_header_all(char *buf, uint32_t cap);
SP_IMPORT_(http_response_body_size) int32_t sp_host_http_response_body_size(void);
SP_IMPORT_(http_response_body_read) int32_t sp_host_http_response_body_read(uint32_t offset, char *buf, uint32_t cap);
SP_IMPORT_(env_get) int32_t sp_host_env_get(const char *name, uint32_t name_len, char *buf, uint32_t cap);

// ---------------------------------------------------------------- text

static inline sp_str sp_view(const char *ptr, size_t len)
{
    sp_str s = { ptr, len };
    return s;
}

// SP makes an sp_str of a string literal.
#define SP(literal) sp_view("" literal, sizeof(literal) - 1)

// sp_none is the value that is not there.
static inline sp_str sp_none(void) { return sp_view(0, 0); }

// sp_found tells a value that is there, though it may be empty, from none.
static inline bool sp_found(sp_str s) { return s.ptr != 0; }

// sp_cstr views text that is terminated by NUL.
static inline sp_str sp_cstr(const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return sp_view(text, n);
}

// sp_equal compares bytes. No value is equal to a value that is not there.
static inline bool sp_equal(sp_str a, sp_str b)
{
    if (!a.ptr || !b.ptr || a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i])
            return false;
    return true;
}

// sp_starts reports whether s begins with prefix.
static inline bool sp_starts(sp_str s, sp_str prefix)
{
    return s.len >= prefix.len && sp_equal(sp_view(s.ptr, prefix.len), prefix);
}

// sp_skip returns s without its first n bytes, at most all.
static inline sp_str sp_skip(sp_str s, size_t n)
{
    n = n < s.len ? n : s.len;
    return sp_view(s.ptr ? s.ptr + n : 0, s.len - n);
}

// sp_cut returns what is before the first c in *rest and leaves in *rest what
// is behind it. Without c it returns all and leaves an empty text.
static inline sp_str sp_cut(sp_str *rest, char c)
{
    sp_str head = *rest;
    for (size_t i = 0; i < head.len; i++) {
        if (head.ptr[i] != c)
            continue;
        *rest = sp_skip(head, i + 1);
        return sp_view(head.ptr, i);
    }
    *rest = sp_skip(head, head.len);
    return head;
}

// ---------------------------------------------------------------- buffer

// The buffer of the instance. It is weak, so that all source files of a plugin
// share it.
struct sp_buffer_ {
    char *ptr;
    uint32_t cap, used;
};
__attribute__((weak)) char sp_first_[SP_BUFFER];
__attribute__((weak)) struct sp_buffer_ sp_buffer_ = { sp_first_, SP_BUFFER, 0 };

// sp_enlarge_ makes space for n bytes. Values that were handed out stay where
// they are. It is rarely called, so it is not inlined into its callers.
static __attribute__((noinline, unused)) void sp_enlarge_(uint32_t n);

static inline char *sp_free_(void) { return sp_buffer_.ptr + sp_buffer_.used; }
static inline uint32_t sp_spare_(void) { return sp_buffer_.cap - sp_buffer_.used; }

#if defined(__wasm__) && !defined(__wasi__)
// Memory grows at its end. A buffer that ends there grows in place.
static void sp_enlarge_(uint32_t n)
{
    struct sp_buffer_ *b = &sp_buffer_;
    size_t end = __builtin_wasm_memory_size(0) << 16;
    bool last = b->ptr != sp_first_ && (size_t)(b->ptr + b->cap) == end;
    uint32_t pages = ((last ? n - sp_spare_() : n) + 0xffffu) >> 16;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1)
        SP_TRAP_();
    if (!last) {
        b->ptr = (char *)end;
        b->cap = b->used = 0;
    }
    b->cap += pages << 16;
}
#else
// A libc's allocator owns the whole memory, so the buffer comes from it. Outgrown
// buffers are not freed, because values in them are in use. As sizes double, all
// of them together are never larger than the last one.
static void sp_enlarge_(uint32_t n)
{
    struct sp_buffer_ *b = &sp_buffer_;
    uint32_t cap = b->cap < 0x20000000u ? 2 * b->cap : b->cap;
    b->cap = cap < n ? n : cap;
    b->ptr = (char *)malloc(b->cap);
    b->used = 0;
    if (!b->ptr)
        SP_TRAP_();
}
#endif

// sp_grow_ reports whether a result of n means that the spare part was too small,
// and makes space if so.
static inline bool sp_grow_(int32_t n)
{
    if (n < 0 || (uint32_t)n <= sp_spare_())
        return false;
    sp_enlarge_((uint32_t)n);
    return true;
}

// sp_take_ returns the value of n bytes that the host wrote to the buffer.
static inline sp_str sp_take_(int32_t n)
{
    sp_str s;
    if (n < 0)
        return sp_none();
    s = sp_view(sp_free_(), (uint32_t)n);
    sp_buffer_.used += (uint32_t)n;
    return s;
}

// SP_READ_ calls a host function that writes a value, a second time if the
// buffer was too small, and returns the value. CALL uses buf and spare.
#define SP_READ_(CALL)                                   \
    int32_t n;                                           \
    do {                                                 \
        char *buf = sp_free_();                          \
        uint32_t spare = sp_spare_();                    \
        n = CALL;                                        \
    } while (sp_grow_(n));                               \
    return sp_take_(n)

#define SP_ARG_(s) (s).ptr, (uint32_t)(s).len

// sp_alloc returns n bytes that are valid until the hook returns. It does not
// return if there is no memory left.
static inline char *sp_alloc(size_t n)
{
    if (n > INT32_MAX)
        SP_TRAP_();
    sp_grow_((int32_t)n);
    return (char *)sp_take_((int32_t)n).ptr;
}

// sp_copy_ copies bytes and returns what follows them.
static inline char *sp_copy_(char *to, sp_str s)
{
    for (size_t i = 0; i < s.len; i++)
        *to++ = s.ptr[i];
    return to;
}

// sp_concat returns a followed by b, valid until the hook returns.
static inline sp_str sp_concat(sp_str a, sp_str b)
{
    char *p = sp_alloc(a.len + b.len);
    sp_copy_(sp_copy_(p, a), b);
    return sp_view(p, a.len + b.len);
}

// sp_decimal returns a number as text, valid until the hook returns.
static inline sp_str sp_decimal(int64_t n)
{
    char *end = sp_alloc(20) + 20, *p = end;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        *--p = '-';
    return sp_view(p, (size_t)(end - p));
}

// ---------------------------------------------------------------- hooks

// The hooks; SP_HOOK takes no other name.
enum {
    sp_hook_pre_,
    sp_hook_auth_,
    sp_hook_post_key_auth_,
    sp_hook_rate_limit_,
    sp_hook_post_,
    sp_hook_virtual_,
    sp_hook_response_,
    sp_hook_event_
};

// SP_HOOK(name) is followed by the body of a function that returns a verdict.
// It exports the hook under its name of the ABI, sallyport_NAME, by which
// tests call it.
#define SP_HOOK(name)                                    \
    static sp_verdict sp_on_##name(void);                \
    SP_EXPORT_(name) sp_verdict sallyport_##name(void);  \
    SP_EXPORT_(name) sp_verdict sallyport_##name(void)   \
    {                                                    \
        (void)sp_hook_##name##_;                         \
        sp_buffer_.used = 0;                             \
        return sp_on_##name();                           \
    }                                                    \
    static sp_verdict sp_on_##name(void)

// sp_must ends the hook if an edit failed.
static inline void sp_must(int32_t result)
{
    if (result < 0)
        SP_TRAP_();
}

// sp_answer replaces the whole reply by a status and a body without header
// fields and returns the verdict to return. If the gateway refuses the answer
// the hook ends.
SP_CHECKED_ sp_verdict sp_answer(uint32_t status, sp_str body)
{
    sp_must(sp_host_reply_answer(status, SP_ARG_(body)));
    return SP_RESPOND;
}

// ---------------------------------------------------------------- lists

// The items of a list that have not been read.
typedef struct {
    uint32_t count;
    const char *lengths, *items;
} sp_list;

static inline uint32_t sp_u32_(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline sp_list sp_list_(sp_str s)
{
    sp_list l = { 0, 0, 0 };
    if (s.len < 4)
        return l;
    l.count = sp_u32_(s.ptr);
    l.lengths = s.ptr + 4;
    l.items = l.lengths + 4 * (size_t)l.count;
    return l;
}

// sp_next takes the next item of a list; false is the end.
//
//     sp_str value;
//     sp_list l = sp_header_values(SP_REQUEST, SP("Via"));
//     while (sp_next(&l, &value))
//         …
static inline bool sp_next(sp_list *l, sp_str *item)
{
    if (!l->count)
        return false;
    *item = sp_view(l->items, sp_u32_(l->lengths));
    l->count--;
    l->lengths += 4;
    l->items += item->len;
    return true;
}

// sp_next_pair takes the next name and value of sp_header_all.
static inline bool sp_next_pair(sp_list *l, sp_str *name, sp_str *value)
{
    return sp_next(l, name) && sp_next(l, value);
}

// sp_put_ writes a number and returns what follows.
static inline char *sp_put_(char *to, size_t n)
{
    for (int i = 0; i < 4; i++)
        *to++ = (char)(n >> (8 * i));
    return to;
}

// sp_fields_ writes fields as a list: name, value, name, value, …
static inline sp_str sp_fields_(const sp_field *fields, size_t count)
{
    size_t size = 4 + 8 * count;
    char *list, *to;
    for (size_t i = 0; i < count; i++)
        size += fields[i].name.len + fields[i].value.len;
    list = sp_alloc(size);
    to = sp_put_(list, 2 * count);
    for (size_t i = 0; i < count; i++)
        to = sp_put_(sp_put_(to, fields[i].name.len), fields[i].value.len);
    for (size_t i = 0; i < count; i++)
        to = sp_copy_(sp_copy_(to, fields[i].name), fields[i].value);
    return sp_view(list, size);
}

// ---------------------------------------------------------------- header fields

// sp_header_get returns the value of the first field of that name. Names are
// compared without regard to case.
static inline sp_str sp_header_get(sp_message m, sp_str name)
{
    SP_READ_(sp_host_header_get(m, SP_ARG_(name), buf, spare));
}

// sp_header_has reports whether there is a field of that name.
static inline bool sp_header_has(sp_message m, sp_str name)
{
    return sp_host_header_get(m, SP_ARG_(name), 0, 0) >= 0;
}

static inline sp_str sp_header_values_(sp_message m, sp_str name)
{
    SP_READ_(sp_host_header_values(m, SP_ARG_(name), buf, spare));
}

static inline sp_str sp_header_names_(sp_message m)
{
    SP_READ_(sp_host_header_names(m, buf, spare));
}

static inline sp_str sp_header_all_(sp_message m)
{
    SP_READ_(sp_host_header_all(m, buf, spare));
}

// sp_header_values lists the values of all fields of that name.
static inline sp_list sp_header_values(sp_message m, sp_str name) { return sp_list_(sp_header_values_(m, name)); }

// sp_header_names lists every name once, as it was first spelled.
static inline sp_list sp_header_names(sp_message m) { return sp_list_(sp_header_names_(m)); }

// sp_header_all lists all fields in their order, for sp_next_pair, read in one
// call of the gateway.
static inline sp_list sp_header_all(sp_message m) { return sp_list_(sp_header_all_(m)); }

// sp_header_set replaces all fields of that name by one.
SP_CHECKED_ sp_error sp_header_set(sp_message m, sp_str name, sp_str value)
{
    return sp_host_header_set(m, SP_ARG_(name), SP_ARG_(value));
}

// sp_header_add appends a field.
SP_CHECKED_ sp_error sp_header_add(sp_message m, sp_str name, sp_str value)
{
    return sp_host_header_add(m, SP_ARG_(name), SP_ARG_(value));
}

// sp_header_del removes all fields of that name.
SP_CHECKED_ sp_error sp_header_del(sp_message m, sp_str name) { return sp_host_header_del(m, SP_ARG_(name)); }

// ---------------------------------------------------------------- request

static inline sp_str sp_request_part_(uint32_t part) { SP_READ_(sp_host_request_get(part, buf, spare)); }

// The request as edited so far: method, path and query as received
// (percent-encoded), host, IP address and port of the client, protocol
// version, scheme, and the identifier that is also in the logs.
static inline sp_str sp_request_method(void) { return sp_request_part_(0); }
static inline sp_str sp_request_uri(void) { return sp_request_part_(1); }
static inline sp_str sp_request_host(void) { return sp_request_part_(2); }
static inline sp_str sp_request_remote_addr(void) { return sp_request_part_(3); }
static inline sp_str sp_request_proto(void) { return sp_request_part_(4); }
static inline sp_str sp_request_scheme(void) { return sp_request_part_(5); }
static inline sp_str sp_request_id(void) { return sp_request_part_(6); }

// The parts that can be replaced, in hooks before the reply. The caller
// percent-encodes the URI; the host does not choose the upstream.
SP_CHECKED_ sp_error sp_request_set_method(sp_str method) { return sp_host_request_set(0, SP_ARG_(method)); }
SP_CHECKED_ sp_error sp_request_set_uri(sp_str uri) { return sp_host_request_set(1, SP_ARG_(uri)); }
SP_CHECKED_ sp_error sp_request_set_host(sp_str host) { return sp_host_request_set(2, SP_ARG_(host)); }

// sp_request_body_size returns the length of the body, or SP_STREAMED.
static inline int32_t sp_request_body_size(void) { return sp_host_request_body_size(); }

// sp_request_body_read copies bytes of the body from offset on to buf and
// returns how many; 0 is the end.
static inline int32_t sp_request_body_read(uint32_t offset, char *buf, uint32_t cap)
{
    return sp_host_request_body_read(offset, buf, cap);
}

// sp_request_body returns the whole body. It is not found if it was not
// buffered for this hook.
static inline sp_str sp_request_body(void)
{
    int32_t n = sp_host_request_body_size();
    if (n < 0)
        return sp_none();
    sp_grow_(n);
    return sp_take_(sp_host_request_body_read(0, sp_free_(), (uint32_t)n));
}

// sp_request_body_splice replaces count bytes at offset. Both are cut to the
// length of the body: a large offset appends.
SP_CHECKED_ sp_error sp_request_body_splice(uint32_t offset, uint32_t count, sp_str bytes)
{
    return sp_host_request_body_splice(offset, count, SP_ARG_(bytes));
}

// sp_request_body_set replaces the body.
SP_CHECKED_ sp_error sp_request_body_set(sp_str bytes) { return sp_host_request_body_set(SP_ARG_(bytes)); }

// ---------------------------------------------------------------- reply

// sp_reply_status returns the status, 0 as long as there is no reply.
static inline int32_t sp_reply_status(void) { return sp_host_reply_status(); }

// sp_reply_set_status sets the status: a final one, 200 to 599.
SP_CHECKED_ sp_error sp_reply_set_status(uint32_t status) { return sp_host_reply_set_status(status); }

// The body of the reply, as that of the request. The gateway buffers it for
// the hook response.
static inline int32_t sp_reply_body_size(void) { return sp_host_reply_body_size(); }

static inline int32_t sp_reply_body_read(uint32_t offset, char *buf, uint32_t cap)
{
    return sp_host_reply_body_read(offset, buf, cap);
}

static inline sp_str sp_reply_body(void)
{
    int32_t n = sp_host_reply_body_size();
    if (n < 0)
        return sp_none();
    sp_grow_(n);
    return sp_take_(sp_host_reply_body_read(0, sp_free_(), (uint32_t)n));
}

SP_CHECKED_ sp_error sp_reply_body_splice(uint32_t offset, uint32_t count, sp_str bytes)
{
    return sp_host_reply_body_splice(offset, count, SP_ARG_(bytes));
}

SP_CHECKED_ sp_error sp_reply_body_set(sp_str bytes) { return sp_host_reply_body_set(SP_ARG_(bytes)); }

// ---------------------------------------------------------------- values, session, configuration

// sp_meta_get returns a value that an earlier plugin of this request left.
static inline sp_str sp_meta_get(sp_str name) { SP_READ_(sp_host_meta_get(SP_ARG_(name), buf, spare)); }

// sp_meta_set leaves a value for later plugins.
SP_CHECKED_ sp_error sp_meta_set(sp_str name, sp_str value)
{
    return sp_host_meta_set(SP_ARG_(name), SP_ARG_(value));
}

// sp_session_get returns a field of the session by its JSON name, for instance
// "key_id" or "rate": strings as their text, everything else as JSON. The
// empty name is the whole session.
static inline sp_str sp_session_get(sp_str name) { SP_READ_(sp_host_session_get(SP_ARG_(name), buf, spare)); }

// sp_session_set sets the session from a JSON object; hook auth only.
SP_CHECKED_ sp_error sp_session_set(sp_str json) { return sp_host_session_set(SP_ARG_(json)); }

// sp_metadata_get returns a value of the session's metadata, in the form of
// sp_session_get.
static inline sp_str sp_metadata_get(sp_str name) { SP_READ_(sp_host_metadata_get(SP_ARG_(name), buf, spare)); }

// sp_metadata_set replaces the metadata by a JSON object.
SP_CHECKED_ sp_error sp_metadata_set(sp_str json) { return sp_host_metadata_set(SP_ARG_(json)); }

static inline sp_str sp_config_(uint32_t scope, sp_str name)
{
    SP_READ_(sp_host_config_get(scope, SP_ARG_(name), buf, spare));
}

// sp_config_get returns a member of the plugin's configuration and
// sp_api_config_get one of the API's, in the form of sp_session_get.
static inline sp_str sp_config_get(sp_str name) { return sp_config_(0, name); }
static inline sp_str sp_api_config_get(sp_str name) { return sp_config_(1, name); }

static inline sp_str sp_api_part_(uint32_t part) { SP_READ_(sp_host_api_get(part, buf, spare)); }

// The API the request was routed to: its identifier, name, organisation and
// the path under which it is reached.
static inline sp_str sp_api_id(void) { return sp_api_part_(0); }
static inline sp_str sp_api_name(void) { return sp_api_part_(1); }
static inline sp_str sp_api_org_id(void) { return sp_api_part_(2); }
static inline sp_str sp_api_listen_path(void) { return sp_api_part_(3); }

static inline sp_str sp_notice_part_(uint32_t part) { SP_READ_(sp_host_notice_get(part, buf, spare)); }

// What a hook event is told: what happened, for instance "AuthFailure", and
// the details as a JSON object.
static inline sp_str sp_notice_name(void) { return sp_notice_part_(0); }
static inline sp_str sp_notice_data(void) { return sp_notice_part_(1); }

// ---------------------------------------------------------------- system

// sp_log writes a line to the log of the gateway, where it is tagged with
// plugin and request. Long lines are cut and floods are dropped.
static inline void sp_log(sp_level level, sp_str line) { sp_host_log(level, SP_ARG_(line)); }

// sp_clock_wall returns nanoseconds since the Unix epoch, sp_clock_steady of a
// clock that never steps.
static inline int64_t sp_clock_wall(void) { return sp_host_clock(0); }
static inline int64_t sp_clock_steady(void) { return sp_host_clock(1); }

// sp_time_left returns the nanoseconds until the deadline of the hook.
static inline int64_t sp_time_left(void) { return sp_host_time_left(); }

// sp_random fills a buffer of at most 64 KiB from a secure source.
SP_CHECKED_ sp_error sp_random(char *buf, uint32_t len) { return sp_host_random(buf, len); }

// sp_metric_add adds to a counter; the value is not negative. sp_metric_set
// sets a gauge. A name is [a-z_][a-z0-9_]* and does not end in _total. Each
// combination of labels is a series of its own, and there are at most 256: what
// makes a label should come from a short list, never from the client.
//
//     sp_field labels[] = { { SP("outcome"), SP("hit") } };
//     sp_must(sp_metric_add(SP("lookups"), labels, 1, 1));
SP_CHECKED_ sp_error sp_metric_add(sp_str name, const sp_field *labels, size_t count, double value)
{
    sp_str list = sp_fields_(labels, count);
    return sp_host_metric_add(SP_ARG_(name), SP_ARG_(list), value);
}

SP_CHECKED_ sp_error sp_metric_set(sp_str name, const sp_field *labels, size_t count, double value)
{
    sp_str list = sp_fields_(labels, count);
    return sp_host_metric_set(SP_ARG_(name), SP_ARG_(list), value);
}

// ---------------------------------------------------------------- by grant
//
// A plugin that uses one of these functions needs a grant in its configuration.
// Their effects are not edits: they remain if the hook fails.
// Besides the errors named they return SP_DENIED for what was not granted,
// SP_UNAVAILABLE, SP_TIMEOUT after the deadline, and SP_LIMIT.

// sp_kv_get reads a value of the store; allow: { kv: ["tenant:*"] }. It returns
// SP_NOT_FOUND if there is none.
SP_CHECKED_ sp_error sp_kv_get(sp_str key, sp_str *value)
{
    int32_t n;
    do
        n = sp_host_kv_get(SP_ARG_(key), sp_free_(), sp_spare_());
    while (sp_grow_(n));
    *value = sp_take_(n);
    return n < 0 ? n : 0;
}

// sp_kv_set stores a value, for ttl milliseconds. It does not expire if ttl is 0.
SP_CHECKED_ sp_error sp_kv_set(sp_str key, sp_str value, int64_t ttl)
{
    return sp_host_kv_set(SP_ARG_(key), SP_ARG_(value), ttl);
}

// sp_kv_set_if_absent does so for a key without a value. It returns 1 if it
// stored this one, 0 if there was one, or an error.
SP_CHECKED_ int32_t sp_kv_set_if_absent(sp_str key, sp_str value, int64_t ttl)
{
    return sp_host_kv_set_if_absent(SP_ARG_(key), SP_ARG_(value), ttl);
}

// sp_kv_incr adds delta to a decimal number and tells the sum. A key without a
// value counts as 0, and only then is the time to live set. It returns
// SP_INVALID if the value is not a number or the sum has more than 64 bits.
SP_CHECKED_ sp_error sp_kv_incr(sp_str key, int64_t delta, int64_t ttl, int64_t *sum)
{
    return sp_host_kv_incr(SP_ARG_(key), sum, delta, ttl);
}

// sp_kv_del removes a value; it is no error if there is none.
SP_CHECKED_ sp_error sp_kv_del(sp_str key) { return sp_host_kv_del(SP_ARG_(key)); }

// sp_http_request sends a request and waits for the whole response;
// allow: { http: ["https://idp.internal/*"] }. It returns the status, whatever
// it is, or an error; SP_INVALID is a request that is not valid. Redirects are
// not followed. The response is read before the next request: the gateway
// holds one at a time.
SP_CHECKED_ int32_t sp_http_request(sp_str method, sp_str url, const sp_field *header, size_t count, sp_str body)
{
    sp_str list = sp_fields_(header, count);
    return sp_host_http_request(SP_ARG_(method), SP_ARG_(url), SP_ARG_(list), SP_ARG_(body));
}

// sp_http_response_header returns the value of the first field of that name.
static inline sp_str sp_http_response_header(sp_str name)
{
    SP_READ_(sp_host_http_response_header(SP_ARG_(name), buf, spare));
}

static inline sp_str sp_http_response_header_all_(void)
{
    SP_READ_(sp_host_http_response_header_all(buf, spare));
}

// sp_http_response_header_all lists all fields sorted by name, for
// sp_next_pair.
static inline sp_list sp_http_response_header_all(void) { return sp_list_(sp_http_response_header_all_()); }

// The body of the response, as that of the request; not found if no response
// is held.
static inline int32_t sp_http_response_body_size(void) { return sp_host_http_response_body_size(); }

static inline int32_t sp_http_response_body_read(uint32_t offset, char *buf, uint32_t cap)
{
    return sp_host_http_response_body_read(offset, buf, cap);
}

static inline sp_str sp_http_response_body(void)
{
    int32_t n = sp_host_http_response_body_size();
    if (n < 0)
        return sp_none();
    sp_grow_(n);
    return sp_take_(sp_host_http_response_body_read(0, sp_free_(), (uint32_t)n));
}

// sp_env_get returns a value of the gateway's environment;
// allow: { env: ["REGION"] }. It is not found if it is not set or was not
// granted.
static inline sp_str sp_env_get(sp_str name) { SP_READ_(sp_host_env_get(SP_ARG_(name), buf, spare)); }

// ---------------------------------------------------------------- without a libc

// Compilers call these for copies and comparisons that they find in code.
#if defined(__wasm__) && !defined(__wasi__) && !defined(SP_NO_MEM)
#define SP_MEM_ __attribute__((weak, no_builtin))

void *memcpy(void *to, const void *from, size_t n);
SP_MEM_ void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memmove(void *to, const void *from, size_t n);
SP_MEM_ void *memmove(void *to, const void *from, size_t n)
{
    if ((uintptr_t)to <= (uintptr_t)from)
        for (size_t i = 0; i < n; i++)
            ((char *)to)[i] = ((const char *)from)[i];
    else
        while (n--)
            ((char *)to)[n] = ((const char *)from)[n];
    return to;
}

void *memset(void *to, int c, size_t n);
SP_MEM_ void *memset(void *to, int c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((char *)to)[i] = (char)c;
    return to;
}

int memcmp(const void *a, const void *b, size_t n);
SP_MEM_ int memcmp(const void *a, const void *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const unsigned char *)a)[i] != ((const unsigned char *)b)[i])
            return ((const unsigned char *)a)[i] - ((const unsigned char *)b)[i];
    return 0;
}
#endif

#ifdef __cplusplus
}
#endif

#endif
