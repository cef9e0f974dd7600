// Reads the JSON of scripts: an object of lists of strings that the gateway
// has checked.
#ifndef JSON_H
#define JSON_H

#include "sallyport.h"

// Text that has not been read.
struct json {
    const char *at, *end;
};

static inline struct json json(sp_str s)
{
    struct json j = { s.ptr, s.ptr + s.len };
    return j;
}

// json_gap skips space and what stands between values.
static inline void json_gap(struct json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\n' || *j->at == '\t' || *j->at == '\r' ||
                              *j->at == ',' || *j->at == ':'))
        j->at++;
}

// json_more reports whether another value follows in a list or an object.
static inline bool json_more(struct json *j)
{
    json_gap(j);
    return j->at < j->end && *j->at != ']' && *j->at != '}';
}

// json_enter goes into a list or an object.
static inline struct json json_enter(struct json j)
{
    json_gap(&j);
    if (j.at < j.end)
        j.at++;
    return j;
}

static inline unsigned json_hex(const char *p)
{
    unsigned n = 0;
    for (int i = 0; i < 4; i++)
        n = n << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return n;
}

// json_utf8 writes a code point and returns what follows it.
static inline char *json_utf8(char *to, unsigned c)
{
    int rest = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    *to++ = (char)(lead[rest] | c >> (6 * rest));
    while (rest--)
        *to++ = (char)(0x80 | (c >> (6 * rest) & 63));
    return to;
}

// json_escape decodes the escape behind a backslash.
static inline char *json_escape(struct json *j, char *to)
{
    char c = *j->at++;
    unsigned code;
    if (c != 'u') {
        *to++ = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
        return to;
    }
    code = json_hex(j->at);
    j->at += 4;
    if (code >> 10 == 0xd800 >> 10) {
        code = 0x10000 + ((code & 1023) << 10) + (json_hex(j->at + 2) & 1023);
        j->at += 6;
    }
    return json_utf8(to, code);
}

// json_text reads a string.
static inline sp_str json_text(struct json *j)
{
    char *text, *to;
    json_gap(j);
    text = to = sp_alloc((size_t)(j->end - j->at));
    for (j->at++; *j->at != '"';) {
        char c = *j->at++;
        if (c == '\\')
            to = json_escape(j, to);
        else
            *to++ = c;
    }
    j->at++;
    return sp_view(text, (size_t)(to - text));
}

// json_skip reads a list of strings over.
static inline void json_skip(struct json *j)
{
    struct json list = json_enter(*j);
    while (json_more(&list))
        json_text(&list);
    j->at = list.at + 1;
}

// json_member finds a list in an object; without one it is an empty list.
static inline struct json json_member(struct json object, sp_str name)
{
    struct json none = { 0, 0 };
    for (object = json_enter(object); json_more(&object); json_skip(&object))
        if (sp_equal(json_text(&object), name))
            return object;
    return none;
}

#endif
