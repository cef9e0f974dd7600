// The four hooks of the benchmark in C, and one that loops for ever.
#include "sallyport.h"

// token_of returns what follows the scheme in "Bearer TENANT.SECRET".
static sp_str token_of(sp_str authorization)
{
    sp_cut(&authorization, ' ');
    return authorization;
}

// The header hook: two fields read, two set, one removed.
SP_HOOK(pre)
{
    sp_str token = token_of(sp_header_get(SP_REQUEST, SP("Authorization")));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Tenant"), sp_cut(&token, '.')));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Agent"), sp_header_get(SP_REQUEST, SP("User-Agent"))));
    sp_must(sp_header_del(SP_REQUEST, SP("X-Debug")));
    return SP_CONTINUE;
}

static size_t skip_space(sp_str s, size_t i)
{
    while (i < s.len && (s.ptr[i] == ' ' || s.ptr[i] == '\n' || s.ptr[i] == '\r' || s.ptr[i] == '\t'))
        i++;
    return i;
}

// text_end returns where the text that begins before i ends: at its quote.
static size_t text_end(sp_str s, size_t i)
{
    while (i < s.len && s.ptr[i] != '"')
        i += s.ptr[i] == '\\' ? 2 : 1;
    return i < s.len ? i : s.len;
}

// member finds the text of a member of a JSON object, not of one inside it.
static sp_str member(sp_str json, sp_str name)
{
    int depth = 0;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (c != '"')
            continue;
        sp_str key = sp_view(json.ptr + i + 1, text_end(json, i + 1) - i - 1);
        i += key.len + 1;
        if (depth != 1 || !sp_equal(key, name))
            continue;
        size_t colon = skip_space(json, i + 1);
        if (colon >= json.len || json.ptr[colon] != ':')
            continue; // the text was a value
        size_t value = skip_space(json, colon + 1);
        if (value >= json.len || json.ptr[value] != '"')
            return sp_none();
        return sp_view(json.ptr + value + 1, text_end(json, value + 1) - value - 1);
    }
    return sp_none();
}

// The JSON hook: a body read, one member changed, two fields set.
SP_HOOK(post)
{
    sp_str body = sp_request_body();
    sp_str id = member(body, SP("id")), status = member(body, SP("status"));
    if (!sp_found(id) || !sp_found(status))
        return sp_answer(400, SP("{\"error\":\"no id or status\"}"));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Order"), id));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Status"), status));
    sp_must(sp_request_body_splice((uint32_t)(status.ptr - body.ptr), (uint32_t)status.len, SP("seen")));
    return SP_CONTINUE;
}

// The auth hook: the tenant of the key is looked up in the store.
SP_HOOK(auth)
{
    sp_str token = token_of(sp_header_get(SP_REQUEST, SP("Authorization"))), tenant;
    sp_error failed = sp_kv_get(sp_concat(SP("bench:"), token), &tenant);
    if (failed == SP_NOT_FOUND)
        return sp_answer(401, SP("{\"error\":\"unknown key\"}"));
    sp_must(failed);
    sp_must(sp_session_set(sp_concat(sp_concat(SP("{\"key_id\":\""), tenant), SP("\"}"))));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Tenant"), tenant));
    return SP_CONTINUE;
}

// The rewrite of the response: one field set, one removed, one member of the
// body changed.
SP_HOOK(response)
{
    sp_must(sp_header_set(SP_REPLY, SP("X-Rewritten"), SP("1")));
    sp_must(sp_header_del(SP_REPLY, SP("X-Powered-By")));
    sp_str body = sp_reply_body(), status = member(body, SP("status"));
    if (sp_found(status))
        sp_must(sp_reply_body_splice((uint32_t)(status.ptr - body.ptr), (uint32_t)status.len, SP("seen")));
    return SP_CONTINUE;
}

// The hook that never ends, for requests that ask for it.
SP_HOOK(post_key_auth)
{
    if (!sp_header_has(SP_REQUEST, SP("X-Loop")))
        return SP_CONTINUE;
    for (volatile uint32_t turns = 0;; turns++)
        ;
}
