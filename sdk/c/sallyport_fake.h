// Stands in for the gateway in native tests of plugins that use sallyport.h.
//
//     #include "plugin.c"
//     #include "sallyport_fake.h"
//
//     int main(void)
//     {
//         sp_fake_reset();
//         sp_fake_field(SP_REQUEST, SP("Authorization"), SP("Bearer x"));
//         assert(sp_fake_call(sallyport_pre) == SP_CONTINUE);
//         assert(sp_equal(sp_fake_get(SP_REQUEST, SP("X-Tenant")), SP("acme")));
//     }
//
// The fields of sp_fake are what the plugin will see, and afterwards what it
// made of it. Unlike the gateway the fake checks neither the spelling of names
// and values nor limits, and keeps the edits of a hook that failed. Include
// it in one source file of a test.
#ifndef SALLYPORT_FAKE_H
#define SALLYPORT_FAKE_H

#ifdef __wasm__
#error "sallyport_fake.h is for native tests"
#endif

#include "sallyport.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// What sp_fake_call returns if sp_must ended the hook.
#define SP_FAKE_TRAPPED (-1)

#define SP_FAKE_MAX 256

// Header fields, or values under names.
typedef struct {
    sp_field at[SP_FAKE_MAX];
    size_t len;
} sp_fake_pairs;

static struct {
    const char *hook; // which may edit what; pre
    // method, URI, host, remote address, protocol, scheme, identifier
    sp_str request[7];
    uint32_t status;
    sp_fake_pairs header[2]; // by message
    sp_str body[2];          // by message; sp_none is one that was not buffered
    sp_fake_pairs meta;
    sp_str session, metadata;  // JSON, or sp_none
    sp_str config, api_config; // JSON
    sp_str api[4];             // identifier, name, organisation, listen path
    sp_str notice[2];          // name, data
    int64_t clock, time_left;  // nanoseconds
    sp_fake_pairs logs;        // level, line
    uint64_t random;
    sp_fake_pairs kv, env;

    // Every series, named "NAME LABEL=VALUE …", as in "lookups outcome=hit".
    sp_fake_pairs metrics;
    double metric[SP_FAKE_MAX];

    // Answers requests: sets response and returns the status, or an error.
    int32_t (*http)(sp_str method, sp_str url, sp_list header, sp_str body);
    struct {
        bool held;
        sp_fake_pairs header;
        sp_str body;
    } response;

    // What functions by grant return instead of working, or 0.
    sp_error refuse;

    // What the fake keeps for itself.
    struct sp_fake_block_ *blocks;
    jmp_buf *trap;
} sp_fake;

struct sp_fake_block_ {
    struct sp_fake_block_ *next;
};

// sp_fake_bytes_ returns n bytes that live until the next reset.
static char *sp_fake_bytes_(size_t n)
{
    struct sp_fake_block_ *b = (struct sp_fake_block_ *)malloc(sizeof *b + n + 1);
    if (!b)
        abort();
    b->next = sp_fake.blocks;
    sp_fake.blocks = b;
    return (char *)(b + 1);
}

// sp_fake_copy_ returns a copy that lives until the next reset.
static sp_str sp_fake_copy_(const char *ptr, uint32_t len)
{
    char *to = sp_fake_bytes_(len);
    if (len)
        memcpy(to, ptr, len);
    return sp_view(to, len);
}

// sp_fake_reset makes the fake an empty GET request in the hook pre.
static inline void sp_fake_reset(void)
{
    while (sp_fake.blocks) {
        struct sp_fake_block_ *b = sp_fake.blocks;
        sp_fake.blocks = b->next;
        free(b);
    }
    memset(&sp_fake, 0, sizeof sp_fake);
    sp_fake.hook = "pre";
    sp_fake.request[0] = SP("GET");
    sp_fake.request[1] = SP("/");
    sp_fake.body[SP_REQUEST] = SP("");
    sp_fake.body[SP_REPLY] = SP("");
}

// sp_fake_call runs a hook and returns its verdict, or SP_FAKE_TRAPPED.
static inline sp_verdict sp_fake_call(sp_verdict (*hook)(void))
{
    jmp_buf here;
    sp_verdict v = SP_FAKE_TRAPPED;
    sp_fake.trap = &here;
    if (!setjmp(here))
        v = hook();
    sp_fake.trap = 0;
    return v;
}

void sp_host_trap(void)
{
    if (!sp_fake.trap)
        abort();
    longjmp(*sp_fake.trap, 1);
}

static bool sp_fake_same_(sp_str a, sp_str b, bool fold)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.ptr[i], y = b.ptr[i];
        if (fold && 'A' <= x && x <= 'Z')
            x = (char)(x + 32);
        if (fold && 'A' <= y && y <= 'Z')
            y = (char)(y + 32);
        if (x != y)
            return false;
    }
    return true;
}

static inline void sp_fake_push_(sp_fake_pairs *l, sp_str name, sp_str value)
{
    if (l->len == SP_FAKE_MAX)
        abort();
    l->at[l->len].name = name;
    l->at[l->len++].value = value;
}

// sp_fake_field appends a header field; the texts must outlive the test.
static inline void sp_fake_field(sp_message m, sp_str name, sp_str value)
{
    sp_fake_push_(&sp_fake.header[m], name, value);
}

// sp_fake_get returns the first value of a header field.
static inline sp_str sp_fake_get(sp_message m, sp_str name)
{
    sp_fake_pairs *h = &sp_fake.header[m];
    for (size_t i = 0; i < h->len; i++)
        if (sp_fake_same_(h->at[i].name, name, true))
            return h->at[i].value;
    return sp_none();
}

// ---------------------------------------------------------------- results

static int32_t sp_fake_put_(sp_str v, char *buf, uint32_t cap)
{
    if (!v.ptr)
        return SP_NOT_FOUND;
    if (v.len && v.len <= cap)
        memcpy(buf, v.ptr, v.len);
    return (int32_t)v.len;
}

// sp_fake_list_ writes n items as a list.
static int32_t sp_fake_list_(const sp_str *items, size_t n, char *buf, uint32_t cap)
{
    size_t size = 4 + 4 * n, at = size;
    for (size_t i = 0; i < n; i++)
        size += items[i].len;
    if (size > cap)
        return (int32_t)size;
    sp_put_(buf, n);
    for (size_t i = 0; i < n; i++) {
        sp_put_(buf + 4 + 4 * i, items[i].len);
        if (items[i].len)
            memcpy(buf + at, items[i].ptr, items[i].len);
        at += items[i].len;
    }
    return (int32_t)size;
}

// sp_fake_editable_ reports whether the hook may edit a message.
static bool sp_fake_editable_(uint32_t message)
{
    return strcmp(sp_fake.hook, "event") && (message == SP_REPLY || strcmp(sp_fake.hook, "response"));
}

// ---------------------------------------------------------------- header fields

int32_t sp_host_header_get(uint32_t m, const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    return m > 1 ? SP_INVALID : sp_fake_put_(sp_fake_get(m, sp_view(name, name_len)), buf, cap);
}

int32_t sp_host_header_values(uint32_t m, const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    sp_str items[SP_FAKE_MAX];
    size_t n = 0;
    if (m > 1)
        return SP_INVALID;
    for (size_t i = 0; i < sp_fake.header[m].len; i++)
        if (sp_fake_same_(sp_fake.header[m].at[i].name, sp_view(name, name_len), true))
            items[n++] = sp_fake.header[m].at[i].value;
    return sp_fake_list_(items, n, buf, cap);
}

int32_t sp_host_header_names(uint32_t m, char *buf, uint32_t cap)
{
    sp_str items[SP_FAKE_MAX];
    size_t n = 0;
    if (m > 1)
        return SP_INVALID;
    for (size_t i = 0; i < sp_fake.header[m].len; i++) {
        size_t j = 0;
        while (j < n && !sp_fake_same_(items[j], sp_fake.header[m].at[i].name, true))
            j++;
        if (j == n)
            items[n++] = sp_fake.header[m].at[i].name;
    }
    return sp_fake_list_(items, n, buf, cap);
}

// sp_fake_all_ writes fields as a list.
static int32_t sp_fake_all_(sp_fake_pairs *h, char *buf, uint32_t cap)
{
    sp_str items[2 * SP_FAKE_MAX];
    for (size_t i = 0; i < h->len; i++) {
        items[2 * i] = h->at[i].name;
        items[2 * i + 1] = h->at[i].value;
    }
    return sp_fake_list_(items, 2 * h->len, buf, cap);
}

int32_t sp_host_header_all(uint32_t m, char *buf, uint32_t cap)
{
    return m > 1 ? SP_INVALID : sp_fake_all_(&sp_fake.header[m], buf, cap);
}

// sp_fake_keep_ removes all fields of that name but the first n.
static void sp_fake_keep_(sp_fake_pairs *h, sp_str name, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < h->len; i++) {
        if (sp_fake_same_(h->at[i].name, name, true) && n-- == 0) {
            n = 0;
            continue;
        }
        h->at[to++] = h->at[i];
    }
    h->len = to;
}

int32_t sp_host_header_set(uint32_t m, const char *name, uint32_t name_len, const char *value, uint32_t len)
{
    sp_str copy = sp_fake_copy_(name, name_len);
    if (m > 1)
        return SP_INVALID;
    if (!sp_fake_editable_(m))
        return SP_READ_ONLY;
    sp_fake_keep_(&sp_fake.header[m], copy, 1);
    for (size_t i = 0; i < sp_fake.header[m].len; i++) {
        if (!sp_fake_same_(sp_fake.header[m].at[i].name, copy, true))
            continue;
        sp_fake.header[m].at[i].name = copy;
        sp_fake.header[m].at[i].value = sp_fake_copy_(value, len);
        return 0;
    }
    sp_fake_field(m, copy, sp_fake_copy_(value, len));
    return 0;
}

int32_t sp_host_header_add(uint32_t m, const char *name, uint32_t name_len, const char *value, uint32_t len)
{
    if (m > 1)
        return SP_INVALID;
    if (!sp_fake_editable_(m))
        return SP_READ_ONLY;
    sp_fake_field(m, sp_fake_copy_(name, name_len), sp_fake_copy_(value, len));
    return 0;
}

int32_t sp_host_header_del(uint32_t m, const char *name, uint32_t name_len)
{
    if (m > 1)
        return SP_INVALID;
    if (!sp_fake_editable_(m))
        return SP_READ_ONLY;
    sp_fake_keep_(&sp_fake.header[m], sp_view(name, name_len), 0);
    return 0;
}

// ---------------------------------------------------------------- request and reply

int32_t sp_host_request_get(uint32_t part, char *buf, uint32_t cap)
{
    if (part > 6)
        return SP_INVALID;
    return sp_fake_put_(sp_fake.request[part].ptr ? sp_fake.request[part] : SP(""), buf, cap);
}

int32_t sp_host_request_set(uint32_t part, const char *value, uint32_t len)
{
    if (part > 6)
        return SP_INVALID;
    if (part > 2 || !sp_fake_editable_(SP_REQUEST))
        return SP_READ_ONLY;
    sp_fake.request[part] = sp_fake_copy_(value, len);
    return 0;
}

static int32_t sp_fake_body_size_(uint32_t m)
{
    return sp_fake.body[m].ptr ? (int32_t)sp_fake.body[m].len : SP_STREAMED;
}

static int32_t sp_fake_range_(sp_str bytes, uint32_t offset, char *buf, uint32_t cap)
{
    sp_str rest = sp_skip(bytes.ptr ? bytes : SP(""), offset);
    rest.len = rest.len < cap ? rest.len : cap;
    return sp_fake_put_(rest, buf, cap);
}

static int32_t sp_fake_body_read_(uint32_t m, uint32_t offset, char *buf, uint32_t cap)
{
    return sp_fake.body[m].ptr ? sp_fake_range_(sp_fake.body[m], offset, buf, cap) : SP_STREAMED;
}

static int32_t sp_fake_body_splice_(uint32_t m, uint32_t offset, uint32_t count, const char *bytes, uint32_t len)
{
    sp_str old = sp_fake.body[m], tail;
    char *to;
    if (!sp_fake_editable_(m))
        return SP_READ_ONLY;
    if (!old.ptr)
        return SP_STREAMED;
    tail = sp_skip(sp_skip(old, offset), count);
    offset = offset < old.len ? offset : (uint32_t)old.len;
    to = sp_fake_bytes_(offset + len + tail.len);
    memcpy(to, old.ptr, offset);
    if (len)
        memcpy(to + offset, bytes, len);
    memcpy(to + offset + len, tail.ptr, tail.len);
    sp_fake.body[m] = sp_view(to, offset + len + tail.len);
    return 0;
}

static int32_t sp_fake_body_set_(uint32_t m, const char *bytes, uint32_t len)
{
    if (!sp_fake_editable_(m))
        return SP_READ_ONLY;
    sp_fake.body[m] = sp_fake_copy_(bytes, len);
    return 0;
}

int32_t sp_host_request_body_size(void) { return sp_fake_body_size_(SP_REQUEST); }

int32_t sp_host_request_body_read(uint32_t offset, char *buf, uint32_t cap)
{
    return sp_fake_body_read_(SP_REQUEST, offset, buf, cap);
}

int32_t sp_host_request_body_splice(uint32_t offset, uint32_t count, const char *bytes, uint32_t len)
{
    return sp_fake_body_splice_(SP_REQUEST, offset, count, bytes, len);
}

int32_t sp_host_request_body_set(const char *bytes, uint32_t len) { return sp_fake_body_set_(SP_REQUEST, bytes, len); }

int32_t sp_host_reply_status(void) { return (int32_t)sp_fake.status; }

int32_t sp_host_reply_set_status(uint32_t status)
{
    if (!sp_fake_editable_(SP_REPLY))
        return SP_READ_ONLY;
    if (status < 200 || status > 599)
        return SP_INVALID;
    sp_fake.status = status;
    return 0;
}

int32_t sp_host_reply_answer(uint32_t status, const char *body, uint32_t len)
{
    int32_t n = sp_host_reply_set_status(status);
    if (n < 0)
        return n;
    sp_fake.header[SP_REPLY].len = 0;
    return sp_fake_body_set_(SP_REPLY, body, len);
}

int32_t sp_host_reply_body_size(void) { return sp_fake_body_size_(SP_REPLY); }

int32_t sp_host_reply_body_read(uint32_t offset, char *buf, uint32_t cap)
{
    return sp_fake_body_read_(SP_REPLY, offset, buf, cap);
}

int32_t sp_host_reply_body_splice(uint32_t offset, uint32_t count, const char *bytes, uint32_t len)
{
    return sp_fake_body_splice_(SP_REPLY, offset, count, bytes, len);
}

int32_t sp_host_reply_body_set(const char *bytes, uint32_t len) { return sp_fake_body_set_(SP_REPLY, bytes, len); }

// ---------------------------------------------------------------- JSON

static const char *sp_fake_space_(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r' || *p == ',' || *p == ':'))
        p++;
    return p;
}

// sp_fake_value_ returns the end of the JSON value that begins at p.
static const char *sp_fake_value_(const char *p, const char *end)
{
    int depth = 0;
    bool text = false;
    for (; p < end; p++) {
        if (text) {
            if (*p == '\\')
                p++;
            else if (*p == '"')
                text = false;
        } else if (*p == '"') {
            text = true;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (depth-- == 0)
                return p;
        } else if (depth == 0 && (*p == ',' || *p == ':')) {
            return p;
        }
    }
    return end;
}

static unsigned sp_fake_hex_(const char *p)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++)
        n = n << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return n;
}

static char *sp_fake_utf8_(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 63));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 63));
        *to++ = (char)(0x80 | (c >> 6 & 63));
    }
    if (c >= 0x80)
        *to++ = (char)(0x80 | (c & 63));
    return to;
}

// sp_fake_escape_ decodes the escape behind a backslash and returns what
// follows it.
static const char *sp_fake_escape_(const char *p, const char *end, char **to)
{
    static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
    const char *simple = *p ? strchr(from, *p) : 0;
    unsigned c;
    if (*p != 'u' || end - p < 5) {
        *(*to)++ = simple ? into[simple - from] : *p;
        return p + 1;
    }
    c = sp_fake_hex_(p + 1);
    p += 5;
    if (c >> 10 == 0xd800 >> 10 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        c = 0x10000 + ((c & 1023) << 10) + (sp_fake_hex_(p + 2) & 1023);
        p += 6;
    }
    *to = sp_fake_utf8_(*to, c);
    return p;
}

// sp_fake_text_ returns a string as its text and everything else as it is.
static sp_str sp_fake_text_(const char *p, const char *end)
{
    char *text, *to;
    while (end > p && strchr(" \n\t\r", end[-1]))
        end--;
    if (end - p < 2 || *p != '"')
        return sp_view(p, (size_t)(end - p));
    text = to = sp_fake_bytes_((size_t)(end - p));
    for (p++, end--; p < end;) {
        if (*p == '\\' && p + 1 < end)
            p = sp_fake_escape_(p + 1, end, &to);
        else
            *to++ = *p++;
    }
    return sp_view(text, (size_t)(to - text));
}

// sp_fake_member returns a member of a JSON object as the gateway does, the
// empty name being the whole object.
static sp_str sp_fake_member(sp_str object, sp_str name)
{
    const char *p = object.ptr, *end = p ? p + object.len : p;
    if (!p || !name.len)
        return object;
    p = sp_fake_space_(p, end);
    for (p = sp_fake_space_(p + 1, end); p < end && *p != '}'; p = sp_fake_space_(p, end)) {
        const char *key_end = sp_fake_value_(p, end);
        const char *value = sp_fake_space_(key_end, end);
        bool found = sp_fake_same_(sp_fake_text_(p, key_end), name, false);
        p = sp_fake_value_(value, end);
        if (found)
            return sp_fake_text_(value, p);
    }
    return sp_none();
}

// ---------------------------------------------------------------- values, session, configuration

// sp_fake_at_ returns the place of a value, or the end.
static size_t sp_fake_at_(sp_fake_pairs *l, sp_str name)
{
    size_t i = 0;
    while (i < l->len && !sp_fake_same_(l->at[i].name, name, false))
        i++;
    return i;
}

static int32_t sp_fake_find_(sp_fake_pairs *l, sp_str name, char *buf, uint32_t cap)
{
    size_t i = sp_fake_at_(l, name);
    return i < l->len ? sp_fake_put_(l->at[i].value, buf, cap) : SP_NOT_FOUND;
}

static void sp_fake_store_(sp_fake_pairs *l, sp_str name, sp_str value)
{
    size_t i = sp_fake_at_(l, name);
    if (i == l->len)
        sp_fake_push_(l, sp_fake_copy_(SP_ARG_(name)), value);
    l->at[i].value = sp_fake_copy_(SP_ARG_(value));
}

int32_t sp_host_meta_get(const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    return sp_fake_find_(&sp_fake.meta, sp_view(name, name_len), buf, cap);
}

int32_t sp_host_meta_set(const char *name, uint32_t name_len, const char *value, uint32_t len)
{
    if (!name_len)
        return SP_INVALID;
    if (!sp_fake_editable_(SP_REPLY))
        return SP_READ_ONLY;
    sp_fake_store_(&sp_fake.meta, sp_view(name, name_len), sp_view(value, len));
    return 0;
}

int32_t sp_host_session_get(const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    sp_str n = sp_view(name, name_len);
    if (sp_fake.session.ptr && sp_fake_same_(n, SP("meta_data"), false))
        return sp_fake_put_(sp_fake.metadata, buf, cap);
    return sp_fake_put_(sp_fake_member(sp_fake.session, n), buf, cap);
}

int32_t sp_host_session_set(const char *json, uint32_t len)
{
    if (strcmp(sp_fake.hook, "auth"))
        return SP_READ_ONLY;
    sp_fake.session = sp_fake_copy_(json, len);
    sp_fake.metadata = sp_fake_member(sp_fake.session, SP("meta_data"));
    return 0;
}

int32_t sp_host_metadata_get(const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    if (!sp_fake.session.ptr)
        return SP_NOT_FOUND;
    return sp_fake_put_(sp_fake_member(sp_fake.metadata, sp_view(name, name_len)), buf, cap);
}

int32_t sp_host_metadata_set(const char *json, uint32_t len)
{
    if (!sp_fake_editable_(SP_REPLY) || !sp_fake.session.ptr)
        return SP_READ_ONLY;
    sp_fake.metadata = sp_fake_copy_(json, len);
    return 0;
}

int32_t sp_host_config_get(uint32_t scope, const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    if (scope > 1)
        return SP_INVALID;
    return sp_fake_put_(sp_fake_member(scope ? sp_fake.api_config : sp_fake.config, sp_view(name, name_len)), buf, cap);
}

int32_t sp_host_api_get(uint32_t part, char *buf, uint32_t cap)
{
    if (part > 3)
        return SP_INVALID;
    return sp_fake_put_(sp_fake.api[part].ptr ? sp_fake.api[part] : SP(""), buf, cap);
}

int32_t sp_host_notice_get(uint32_t part, char *buf, uint32_t cap)
{
    return part > 1 ? SP_INVALID : sp_fake_put_(sp_fake.notice[part], buf, cap);
}

// ---------------------------------------------------------------- system

int32_t sp_host_log(uint32_t level, const char *text, uint32_t len)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    if (level > SP_ERROR)
        return SP_INVALID;
    sp_fake_push_(&sp_fake.logs, sp_cstr(levels[level]), sp_fake_copy_(text, len));
    return 0;
}

int64_t sp_host_clock(uint32_t id)
{
    (void)id;
    return sp_fake.clock;
}

int64_t sp_host_time_left(void) { return sp_fake.time_left; }

// Random bytes of the fake are the same in every run.
int32_t sp_host_random(char *buf, uint32_t cap)
{
    for (uint32_t i = 0; i < cap; i++) {
        sp_fake.random = sp_fake.random * 6364136223846793005u + 1442695040888963407u;
        buf[i] = (char)(sp_fake.random >> 56);
    }
    return 0;
}

// sp_fake_metric_ returns the place of a series.
static double *sp_fake_metric_(sp_str name, sp_str labels)
{
    sp_str series = name, label, value;
    sp_list l = sp_list_(labels);
    while (sp_next_pair(&l, &label, &value))
        series = sp_concat(sp_concat(sp_concat(series, SP(" ")), label), sp_concat(SP("="), value));
    sp_fake_store_(&sp_fake.metrics, series, SP(""));
    return &sp_fake.metric[sp_fake_at_(&sp_fake.metrics, series)];
}

int32_t sp_host_metric_add(const char *name, uint32_t name_len, const char *labels, uint32_t len, double value)
{
    if (value < 0)
        return SP_INVALID;
    *sp_fake_metric_(sp_view(name, name_len), sp_view(labels, len)) += value;
    return 0;
}

int32_t sp_host_metric_set(const char *name, uint32_t name_len, const char *labels, uint32_t len, double value)
{
    *sp_fake_metric_(sp_view(name, name_len), sp_view(labels, len)) = value;
    return 0;
}

// ---------------------------------------------------------------- by grant

int32_t sp_host_kv_get(const char *key, uint32_t key_len, char *buf, uint32_t cap)
{
    return sp_fake.refuse ? sp_fake.refuse : sp_fake_find_(&sp_fake.kv, sp_view(key, key_len), buf, cap);
}

// The fake does not know time: what has a time to live stays.
int32_t sp_host_kv_set(const char *key, uint32_t key_len, const char *value, uint32_t len, int64_t ttl)
{
    if (sp_fake.refuse)
        return sp_fake.refuse;
    if (!key_len || ttl < 0)
        return SP_INVALID;
    sp_fake_store_(&sp_fake.kv, sp_view(key, key_len), sp_view(value, len));
    return 0;
}

int32_t sp_host_kv_set_if_absent(const char *key, uint32_t key_len, const char *value, uint32_t len, int64_t ttl)
{
    int32_t n;
    if (!sp_fake.refuse && sp_fake_at_(&sp_fake.kv, sp_view(key, key_len)) < sp_fake.kv.len)
        return 0;
    n = sp_host_kv_set(key, key_len, value, len, ttl);
    return n < 0 ? n : 1;
}

int32_t sp_host_kv_incr(const char *key, uint32_t key_len, int64_t *sum, int64_t delta, int64_t ttl)
{
    char text[24], *end;
    long long n = 0;
    int32_t len = sp_host_kv_get(key, key_len, text, sizeof text - 1);
    if (len >= (int32_t)sizeof text || (len < 0 && len != SP_NOT_FOUND))
        return len < 0 ? len : SP_INVALID;
    if (len >= 0) {
        text[len] = 0;
        n = strtoll(text, &end, 10);
        if (!len || *end)
            return SP_INVALID;
    }
    *sum = n + delta;
    return sp_host_kv_set(key, key_len, SP_ARG_(sp_decimal(*sum)), ttl);
}

int32_t sp_host_kv_del(const char *key, uint32_t key_len)
{
    if (sp_fake.refuse)
        return sp_fake.refuse;
    size_t i = sp_fake_at_(&sp_fake.kv, sp_view(key, key_len));
    if (i < sp_fake.kv.len)
        sp_fake.kv.at[i] = sp_fake.kv.at[--sp_fake.kv.len];
    return 0;
}

int32_t sp_host_http_request(const char *method, uint32_t method_len, const char *url, uint32_t url_len,
    const char *header, uint32_t header_len, const char *body, uint32_t len)
{
    int32_t n = sp_fake.refuse;
    memset(&sp_fake.response, 0, sizeof sp_fake.response);
    if (!n && !sp_fake.http)
        n = SP_UNAVAILABLE;
    if (!n)
        n = sp_fake.http(sp_view(method, method_len), sp_view(url, url_len),
            sp_list_(sp_view(header, header_len)), sp_view(body, len));
    sp_fake.response.held = n > 0;
    return n;
}

int32_t sp_host_http_response_header(const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    sp_fake_pairs *h = &sp_fake.response.header;
    for (size_t i = 0; sp_fake.response.held && i < h->len; i++)
        if (sp_fake_same_(h->at[i].name, sp_view(name, name_len), true))
            return sp_fake_put_(h->at[i].value, buf, cap);
    return SP_NOT_FOUND;
}

// The fake does not sort.
int32_t sp_host_http_response_header_all(char *buf, uint32_t cap)
{
    return sp_fake.response.held ? sp_fake_all_(&sp_fake.response.header, buf, cap) : SP_NOT_FOUND;
}

int32_t sp_host_http_response_body_size(void)
{
    return sp_fake.response.held ? (int32_t)sp_fake.response.body.len : SP_NOT_FOUND;
}

int32_t sp_host_http_response_body_read(uint32_t offset, char *buf, uint32_t cap)
{
    return sp_fake.response.held ? sp_fake_range_(sp_fake.response.body, offset, buf, cap) : SP_NOT_FOUND;
}

int32_t sp_host_env_get(const char *name, uint32_t name_len, char *buf, uint32_t cap)
{
    return sp_fake.refuse ? sp_fake.refuse : sp_fake_find_(&sp_fake.env, sp_view(name, name_len), buf, cap);
}

#endif
