// The conform plugin of the conformance kit in C: carries out the script that
// a scenario gives it. See ../README.md.
#include "json.h"
#include "sallyport.h"

// The script that is being carried out.
static struct {
    sp_message echoes; // where echoes go to
    sp_verdict verdict;
} run;

#define NONE SP("(none)")

static void fail(void) { __builtin_trap(); }

static bool is(sp_str name, const char *line) { return sp_equal(name, sp_cstr(line)); }

static uint32_t number(sp_str s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n = 10 * n + (uint32_t)(s.ptr[i] - '0');
    return n;
}

// ---------------------------------------------------------------- hexadecimal

static unsigned digit(char c) { return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10); }

static sp_str unhex(sp_str hex)
{
    char *to = sp_alloc(hex.len / 2);
    for (size_t i = 0; i < hex.len / 2; i++)
        to[i] = (char)(digit(hex.ptr[2 * i]) << 4 | digit(hex.ptr[2 * i + 1]));
    return sp_view(to, hex.len / 2);
}

static sp_str hex(sp_str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *to;
    if (!sp_found(bytes))
        fail();
    if (!bytes.len)
        return SP("(empty)");
    to = sp_alloc(2 * bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        to[2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
        to[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    return sp_view(to, 2 * bytes.len);
}

// ---------------------------------------------------------------- echoes

static sp_str known(sp_str s) { return sp_found(s) ? s : NONE; }

static sp_str values_of(sp_str name)
{
    sp_str value, all = sp_none();
    sp_list l = sp_header_values(SP_REQUEST, name);
    while (sp_next(&l, &value))
        all = sp_found(all) ? sp_concat(sp_concat(all, SP("|")), value) : value;
    return known(all);
}

static sp_str session(void)
{
    sp_str id = sp_session_get(SP("key_id"));
    if (!sp_found(id))
        return NONE;
    return sp_concat(sp_concat(id, SP("/")), sp_session_get(SP("alias")));
}

// see returns what an echo reports.
static sp_str see(sp_str op, sp_str src)
{
    if (is(op, "echo-header"))
        return known(sp_header_get(SP_REQUEST, src));
    if (is(op, "echo-values"))
        return values_of(src);
    if (is(op, "echo-reply-header"))
        return known(sp_header_get(SP_REPLY, src));
    if (is(op, "echo-meta"))
        return known(sp_meta_get(src));
    if (is(op, "echo-metadata"))
        return known(sp_metadata_get(src));
    if (is(op, "echo-session"))
        return session();
    if (is(op, "echo-config"))
        return known(sp_api_config_get(src));
    if (is(op, "echo-method"))
        return sp_request_method();
    if (is(op, "echo-uri"))
        return sp_request_uri();
    if (is(op, "echo-host"))
        return sp_request_host();
    if (is(op, "echo-status"))
        return sp_decimal(sp_reply_status());
    if (is(op, "echo-body"))
        return hex(sp_request_body());
    if (is(op, "echo-reply-body"))
        return hex(sp_reply_body());
    fail();
    return sp_none();
}

static void echo(sp_str op, sp_str args)
{
    sp_str src = sp_cut(&args, ' ');
    sp_str dst = args.len ? args : src;
    sp_must(sp_header_set(run.echoes, dst, see(op, src)));
}

// ---------------------------------------------------------------- edits

static void edit_header(sp_str op, sp_message m, sp_str args)
{
    sp_str name = sp_cut(&args, ' ');
    if (sp_starts(op, SP("set-")))
        sp_must(sp_header_set(m, name, args));
    else if (sp_starts(op, SP("add-")))
        sp_must(sp_header_add(m, name, args));
    else if (sp_starts(op, SP("del-")))
        sp_must(sp_header_del(m, name));
    else
        fail();
}

static void edit_body(sp_str op, sp_str bytes)
{
    if (is(op, "set-request-body"))
        sp_must(sp_request_body_set(bytes));
    else if (is(op, "set-reply-body"))
        sp_must(sp_reply_body_set(bytes));
    else if (is(op, "append-request-body"))
        sp_must(sp_request_body_set(sp_concat(sp_request_body(), bytes)));
    else if (is(op, "append-reply-body"))
        sp_must(sp_reply_body_set(sp_concat(sp_reply_body(), bytes)));
    else
        fail();
}

// edit carries out the remaining lines.
static void edit(sp_str op, sp_str args)
{
    sp_str rest = args, first = sp_cut(&rest, ' ');
    if (is(op, "set-method"))
        sp_must(sp_request_set_method(args));
    else if (is(op, "set-uri"))
        sp_must(sp_request_set_uri(args));
    else if (is(op, "set-host"))
        sp_must(sp_request_set_host(args));
    else if (is(op, "set-status"))
        sp_must(sp_reply_set_status(number(args)));
    else if (is(op, "set-meta"))
        sp_must(sp_meta_set(first, rest));
    else if (is(op, "set-session"))
        sp_must(sp_session_set(args));
    else if (is(op, "set-metadata"))
        sp_must(sp_metadata_set(args));
    else if (is(op, "answer"))
        run.verdict = sp_answer(number(first), unhex(rest));
    else
        fail();
}

static bool ends(sp_str s, sp_str suffix)
{
    return s.len >= suffix.len && sp_equal(sp_skip(s, s.len - suffix.len), suffix);
}

static void carry_out(sp_str line)
{
    sp_str op = sp_cut(&line, ' ');
    if (is(op, "hang"))
        for (;;)
            ;
    if (is(op, "fail"))
        fail();
    if (sp_starts(op, SP("echo-")))
        echo(op, line);
    else if (ends(op, SP("-request-header")))
        edit_header(op, SP_REQUEST, line);
    else if (ends(op, SP("-reply-header")))
        edit_header(op, SP_REPLY, line);
    else if (ends(op, SP("-body")))
        edit_body(op, unhex(line));
    else
        edit(op, line);
}

// ---------------------------------------------------------------- hooks

static sp_verdict play(sp_str hook, sp_message echoes)
{
    struct json list = json_member(json(sp_api_config_get(SP("script"))), hook);
    run.echoes = echoes;
    run.verdict = SP_CONTINUE;
    for (list = json_enter(list); json_more(&list);)
        carry_out(json_text(&list));
    return run.verdict;
}

SP_HOOK(pre) { return play(SP("pre"), SP_REQUEST); }
SP_HOOK(auth) { return play(SP("auth"), SP_REQUEST); }
SP_HOOK(post_key_auth) { return play(SP("post_key_auth"), SP_REQUEST); }
SP_HOOK(rate_limit) { return play(SP("rate_limit"), SP_REQUEST); }
SP_HOOK(post) { return play(SP("post"), SP_REQUEST); }
SP_HOOK(virtual) { return play(SP("virtual"), SP_REQUEST); }
SP_HOOK(response) { return play(SP("response"), SP_REPLY); }
SP_HOOK(event) { return play(SP("event"), SP_REQUEST); }
