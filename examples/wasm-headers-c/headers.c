// Turns requests without an Authorization away, tells the upstream which
// tenant and which agent is calling, and removes a header that only insiders
// may send.
#include "sallyport.h"

static char value[1024];

// read_header copies the first value of a request header field to `value` and
// returns its length, or -1 if there is none or it is too long.
static i32 read_header(const char *name, u32 name_len)
{
    i32 n = header_get(REQUEST, name, name_len, value, sizeof value);
    return n > (i32)sizeof value ? -1 : n;
}

// tenant_of finds the tenant in "Bearer TENANT.SECRET".
static const char *tenant_of(i32 n, u32 *len)
{
    i32 from = 0, to;
    while (from < n && value[from++] != ' ')
        ;
    for (to = from; to < n && value[to] != '.'; to++)
        ;
    *len = (u32)(to - from);
    return value + from;
}

HOOK(pre) i32 pre(void)
{
    u32 len;
    i32 n = read_header(S("Authorization"));
    if (n < 0) {
        reply_answer(401, S("{\"error\":\"authorization required\"}"));
        return RESPOND;
    }
    const char *tenant = tenant_of(n, &len);
    header_set(REQUEST, S("X-Tenant"), tenant, len);

    n = read_header(S("User-Agent"));
    header_set(REQUEST, S("X-Agent"), value, n < 0 ? 0 : (u32)n);
    header_del(REQUEST, S("X-Debug"));
    return CONTINUE;
}
