// Uses every host function that the conform plugin does not: those by grant,
// and what it has no lines for. ../granted_test.go knows what it should see.
#include "sallyport.h"

// tell writes what was seen into a request header field.
static void tell(sp_str name, sp_str seen)
{
    sp_must(sp_header_set(SP_REQUEST, name, sp_found(seen) ? seen : SP("(none)")));
}

static sp_str two(int64_t a, int64_t b)
{
    return sp_concat(sp_concat(sp_decimal(a), SP(" ")), sp_decimal(b));
}

SP_HOOK(pre)
{
    sp_str absent, value;
    int64_t one, two_less;
    int32_t first, again;
    tell(SP("Absent"), sp_decimal(sp_kv_get(SP("k:a"), &absent)));
    sp_must(sp_kv_set(SP("k:a"), SP("v"), 60000));
    sp_must(sp_kv_get(SP("k:a"), &value));
    tell(SP("Value"), value);
    first = sp_kv_set_if_absent(SP("k:b"), SP("w"), 0);
    again = sp_kv_set_if_absent(SP("k:b"), SP("w"), 0);
    tell(SP("First"), two(first, again));
    sp_must(sp_kv_incr(SP("k:n"), 1, 0, &one));
    sp_must(sp_kv_incr(SP("k:n"), -8589934592, 0, &two_less));
    tell(SP("Sum"), two(one, two_less));
    sp_must(sp_kv_del(SP("k:a")));
    tell(SP("Gone"), sp_decimal(sp_kv_get(SP("k:a"), &absent)));
    tell(SP("Denied"), sp_decimal(sp_kv_del(SP("other"))));
    tell(SP("Home"), sp_env_get(SP("HOME")));
    tell(SP("Unset"), sp_env_get(SP("UNSET")));
    return SP_CONTINUE;
}

SP_HOOK(auth)
{
    sp_field header[] = { { SP("Content-Type"), SP("text/plain") }, { SP("X-Empty"), SP("") } };
    sp_field labels[] = { { SP("tier"), sp_api_id() }, { SP("zone"), SP("eu") } };
    sp_str name, value, names = SP("");
    sp_list l;
    int32_t status = sp_http_request(SP("POST"), sp_config_get(SP("idp")), header, 2, sp_request_uri());
    tell(SP("Status"), sp_decimal(status));
    tell(SP("Kind"), sp_http_response_header(SP("content-type")));
    for (l = sp_http_response_header_all(); sp_next_pair(&l, &name, &value);)
        names = sp_concat(sp_concat(names, name), SP(";"));
    tell(SP("Names"), names);
    tell(SP("Body"), sp_http_response_body());
    tell(SP("Denied"), sp_decimal(sp_http_request(SP("GET"), SP("http://denied.example/"), 0, 0, sp_none())));
    tell(SP("Dropped"), sp_http_response_body());
    sp_must(sp_metric_add(SP("seen"), 0, 0, 1));
    sp_must(sp_metric_set(SP("load"), labels, 2, 0.5));
    sp_must(sp_session_set(SP("{\"key_id\":\"k1\",\"alias\":\"ann\"}")));
    return SP_CONTINUE;
}

SP_HOOK(post)
{
    char a[8], b[8];
    sp_must(sp_random(a, sizeof a));
    sp_must(sp_random(b, sizeof b));
    tell(SP("Random"), sp_equal(sp_view(a, sizeof a), sp_view(b, sizeof b)) ? SP("equal") : SP("different"));
    tell(SP("Clocks"), two(sp_clock_wall() > 0 && sp_clock_steady() > 0, sp_time_left() > 0));
    tell(SP("Api"), sp_concat(sp_concat(sp_api_id(), sp_api_name()), sp_concat(sp_api_org_id(), sp_api_listen_path())));
    tell(SP("Line"), sp_concat(sp_concat(sp_request_remote_addr(), sp_request_proto()), sp_concat(sp_request_scheme(), sp_request_id())));
    tell(SP("Session"), sp_session_get(SP("key_id")));
    sp_log(SP_INFO, SP("here"));
    sp_must(sp_request_body_splice(1, 3, SP("ipp")));
    tell(SP("Size"), two(sp_request_body_size(), sp_request_body_read(2, a, 2)));
    return SP_CONTINUE;
}
