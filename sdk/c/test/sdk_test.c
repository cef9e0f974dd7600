// Unit tests of sallyport.h, on the host, against sallyport_fake.h.
#include "../sallyport.h"
#include "../sallyport_fake.h"

#include <stdio.h>

static int failures;
static const char *test;

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (condition)                                                               \
            break;                                                                   \
        failures++;                                                                  \
        fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, test, #condition);    \
    } while (0)

#define SAME(got, want)                                                              \
    do {                                                                             \
        sp_str is_ = (got), must_ = (want);                                          \
        if (sp_equal(is_, must_))                                                    \
            break;                                                                   \
        failures++;                                                                  \
        fprintf(stderr, "%s:%d: %s: %s is \"%.*s\", want \"%.*s\"\n", __FILE__,      \
                __LINE__, test, #got, (int)is_.len, is_.ptr ? is_.ptr : "",          \
                (int)must_.len, must_.ptr);                                          \
    } while (0)

sp_str other_file_header(sp_str name);

// ---------------------------------------------------------------- hooks

SP_HOOK(pre)
{
    if (!sp_header_has(SP_REQUEST, SP("Authorization")))
        return sp_answer(401, SP("who are you?"));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Tenant"), SP("acme")));
    return SP_CONTINUE;
}

SP_HOOK(response)
{
    sp_must(sp_request_set_method(SP("PUT")));
    return SP_CONTINUE;
}

SP_HOOK(post)
{
    sp_str a = sp_header_get(SP_REQUEST, SP("A"));
    sp_str b = other_file_header(SP("B"));
    sp_must(sp_header_set(SP_REQUEST, SP("C"), sp_concat(a, b)));
    return SP_CONTINUE;
}

static void test_hooks_return_their_verdict(void)
{
    CHECK(sp_fake_call(sallyport_pre) == SP_RESPOND);
    CHECK(sp_fake.status == 401);
    SAME(sp_fake.body[SP_REPLY], SP("who are you?"));

    sp_fake_reset();
    sp_fake_field(SP_REQUEST, SP("authorization"), SP("Bearer x"));
    CHECK(sp_fake_call(sallyport_pre) == SP_CONTINUE);
    SAME(sp_fake_get(SP_REQUEST, SP("X-Tenant")), SP("acme"));
}

static void test_must_breaks_off_on_a_refusal(void)
{
    sp_fake.hook = "response";
    CHECK(sp_fake_call(sallyport_response) == SP_FAKE_TRAPPED);
}

static void test_a_refused_answer_breaks_off(void)
{
    sp_fake.hook = "event";
    CHECK(sp_fake_call(sallyport_pre) == SP_FAKE_TRAPPED);
}

static void test_hooks_use_the_same_buffer_again(void)
{
    static char long_value[6000];
    const char *first;
    memset(long_value, 'x', sizeof long_value);
    sp_fake_field(SP_REQUEST, SP("A"), sp_view(long_value, sizeof long_value));
    sp_fake_field(SP_REQUEST, SP("B"), sp_view(long_value, sizeof long_value));
    for (int i = 0; i < 3; i++)
        CHECK(sp_fake_call(sallyport_post) == SP_CONTINUE);
    first = sp_buffer_.ptr;
    for (int i = 0; i < 1000; i++)
        CHECK(sp_fake_call(sallyport_post) == SP_CONTINUE);
    CHECK(sp_buffer_.ptr == first);
}

static void test_source_files_share_the_buffer(void)
{
    sp_fake_field(SP_REQUEST, SP("A"), SP("hello, "));
    sp_fake_field(SP_REQUEST, SP("B"), SP("header"));
    CHECK(sp_fake_call(sallyport_post) == SP_CONTINUE);
    SAME(sp_fake_get(SP_REQUEST, SP("C")), SP("hello, header"));
}

// ---------------------------------------------------------------- text

static void test_none_is_not_empty(void)
{
    CHECK(!sp_found(sp_none()) && sp_found(SP("")));
    CHECK(!sp_equal(sp_none(), sp_none()) && !sp_equal(sp_none(), SP("")));
    CHECK(!sp_starts(sp_none(), SP("")) && sp_starts(SP("abc"), SP("ab")) && !sp_starts(SP("a"), SP("ab")));
    CHECK(sp_cstr("four").len == 4);
}

static void test_cut_splits_at_the_first(void)
{
    sp_str rest = SP("a b c");
    SAME(sp_cut(&rest, ' '), SP("a"));
    SAME(rest, SP("b c"));
    SAME(sp_cut(&rest, '.'), SP("b c"));
    SAME(rest, SP(""));
    rest = sp_none();
    CHECK(!sp_found(sp_cut(&rest, ' ')) && !sp_found(rest));
}

static void test_numbers_are_decimal(void)
{
    SAME(sp_decimal(0), SP("0"));
    SAME(sp_decimal(-200), SP("-200"));
    SAME(sp_decimal(INT64_MAX), SP("9223372036854775807"));
    SAME(sp_decimal(INT64_MIN), SP("-9223372036854775808"));
}

// ---------------------------------------------------------------- header fields

static void test_get_returns_the_first_value(void)
{
    sp_fake_field(SP_REQUEST, SP("A"), SP("1"));
    sp_fake_field(SP_REQUEST, SP("a"), SP("2"));
    sp_fake_field(SP_REPLY, SP("Empty"), SP(""));
    SAME(sp_header_get(SP_REQUEST, SP("a")), SP("1"));
    SAME(sp_header_get(SP_REPLY, SP("Empty")), SP(""));
    CHECK(sp_header_has(SP_REPLY, SP("empty")));
    CHECK(!sp_found(sp_header_get(SP_REQUEST, SP("Empty"))));
    CHECK(!sp_header_has(SP_REQUEST, SP("Empty")));
}

static sp_str joined(sp_list l)
{
    sp_str item, all = SP("");
    while (sp_next(&l, &item))
        all = sp_concat(sp_concat(all, item), SP(" "));
    return all;
}

static void test_lists_keep_their_order(void)
{
    sp_str name, value, all = SP("");
    sp_list l;
    sp_fake_field(SP_REPLY, SP("A"), SP("1"));
    sp_fake_field(SP_REPLY, SP("B"), SP(""));
    sp_fake_field(SP_REPLY, SP("a"), SP("22"));
    SAME(joined(sp_header_values(SP_REPLY, SP("A"))), SP("1 22 "));
    SAME(joined(sp_header_values(SP_REPLY, SP("C"))), SP(""));
    SAME(joined(sp_header_names(SP_REPLY)), SP("A B "));
    for (l = sp_header_all(SP_REPLY); sp_next_pair(&l, &name, &value);)
        all = sp_concat(sp_concat(sp_concat(all, name), SP("=")), sp_concat(value, SP(";")));
    SAME(all, SP("A=1;B=;a=22;"));
    l = sp_header_all(SP_REQUEST);
    CHECK(!sp_next_pair(&l, &name, &value));
}

static void test_edits_of_header_fields(void)
{
    sp_fake_field(SP_REQUEST, SP("A"), SP("1"));
    sp_fake_field(SP_REQUEST, SP("B"), SP("1"));
    sp_fake_field(SP_REQUEST, SP("a"), SP("2"));
    sp_fake_field(SP_REQUEST, SP("C"), SP("1"));
    sp_must(sp_header_set(SP_REQUEST, SP("a"), SP("3")));
    sp_must(sp_header_add(SP_REQUEST, SP("B"), SP("2")));
    sp_must(sp_header_del(SP_REQUEST, SP("c")));
    sp_must(sp_header_set(SP_REQUEST, SP("D"), sp_none()));
    CHECK(sp_fake.header[SP_REQUEST].len == 4);
    SAME(joined(sp_header_values(SP_REQUEST, SP("A"))), SP("3 "));
    SAME(joined(sp_header_values(SP_REQUEST, SP("B"))), SP("1 2 "));
    SAME(sp_header_get(SP_REQUEST, SP("D")), SP(""));
}

// ---------------------------------------------------------------- bodies

static void test_values_larger_than_the_buffer_are_read(void)
{
    static char text[100000];
    sp_str all = sp_view(text, sizeof text), first, value, name;
    sp_list l;
    memset(text, 'x', sizeof text);
    sp_fake.request[1] = all;
    sp_fake.body[SP_REQUEST] = all;
    sp_fake_field(SP_REQUEST, SP("Long"), all);
    first = sp_request_uri();
    SAME(sp_request_body(), all);
    SAME(sp_header_get(SP_REQUEST, SP("Long")), all);
    l = sp_header_all(SP_REQUEST);
    CHECK(sp_next_pair(&l, &name, &value));
    SAME(value, all);
    SAME(first, all);
}

static void test_bodies_are_spliced(void)
{
    sp_fake.body[SP_REQUEST] = SP("hello");
    sp_fake.body[SP_REPLY] = SP("ok");
    sp_must(sp_request_body_splice(1, 3, SP("ipp")));
    sp_must(sp_request_body_splice(99, 0, SP("!")));
    sp_must(sp_reply_body_splice(0, UINT32_MAX, SP("no")));
    SAME(sp_request_body(), SP("hippo!"));
    SAME(sp_reply_body(), SP("no"));
    sp_must(sp_request_body_set(SP("")));
    SAME(sp_request_body(), SP(""));
    sp_must(sp_reply_body_set(SP("yes")));
    CHECK(sp_reply_body_size() == 3 && sp_request_body_size() == 0);
}

static void test_bodies_are_read_by_range(void)
{
    char buf[4];
    sp_fake.body[SP_REQUEST] = SP("abcdef");
    sp_fake.body[SP_REPLY] = SP("gh");
    CHECK(sp_request_body_read(0, buf, sizeof buf) == 4 && !memcmp(buf, "abcd", 4));
    CHECK(sp_request_body_read(4, buf, sizeof buf) == 2 && !memcmp(buf, "ef", 2));
    CHECK(sp_request_body_read(6, buf, sizeof buf) == 0);
    CHECK(sp_reply_body_read(1, buf, sizeof buf) == 1 && buf[0] == 'h');
}

static void test_streamed_bodies_are_not_found(void)
{
    sp_fake.body[SP_REQUEST] = sp_none();
    sp_fake.body[SP_REPLY] = sp_none();
    CHECK(!sp_found(sp_request_body()) && !sp_found(sp_reply_body()));
    CHECK(sp_request_body_size() == SP_STREAMED && sp_reply_body_size() == SP_STREAMED);
    CHECK(sp_request_body_splice(0, 0, SP("x")) == SP_STREAMED);
}

// ---------------------------------------------------------------- the rest

static void test_the_request_line(void)
{
    static const char *const parts[] = { "PUT", "/a?b", "h", "1.2.3.4:5", "HTTP/1.1", "https", "r1" };
    for (int i = 0; i < 7; i++)
        sp_fake.request[i] = sp_cstr(parts[i]);
    SAME(sp_request_method(), SP("PUT"));
    SAME(sp_request_uri(), SP("/a?b"));
    SAME(sp_request_host(), SP("h"));
    SAME(sp_request_remote_addr(), SP("1.2.3.4:5"));
    SAME(sp_request_proto(), SP("HTTP/1.1"));
    SAME(sp_request_scheme(), SP("https"));
    SAME(sp_request_id(), SP("r1"));
    sp_must(sp_request_set_method(SP("POST")));
    sp_must(sp_request_set_uri(SP("/c")));
    sp_must(sp_request_set_host(SP("i")));
    SAME(sp_fake.request[0], SP("POST"));
    SAME(sp_fake.request[1], SP("/c"));
    SAME(sp_fake.request[2], SP("i"));
}

static void test_response_cannot_edit_the_request(void)
{
    sp_fake.hook = "response";
    CHECK(sp_request_set_method(SP("PUT")) == SP_READ_ONLY);
    CHECK(sp_request_body_set(SP("")) == SP_READ_ONLY);
    CHECK(sp_header_set(SP_REQUEST, SP("A"), SP("1")) == SP_READ_ONLY);
    CHECK(sp_header_add(SP_REQUEST, SP("A"), SP("1")) == SP_READ_ONLY);
    CHECK(sp_header_del(SP_REQUEST, SP("A")) == SP_READ_ONLY);
    CHECK(sp_reply_set_status(201) == 0 && sp_reply_status() == 201);
    CHECK(sp_reply_set_status(99) == SP_INVALID);
}

static void test_configuration_and_api(void)
{
    sp_fake.config = SP("{ \"issuer\": \"https:\\/\\/idp\\u00e9\\ud834\\udd1e\\n\", \"n\" : 7, \"o\": {\"n\":[1,\"}\"]}}");
    sp_fake.api_config = SP("{\"tier\":\"gold\"}");
    sp_fake.api[0] = SP("a1");
    sp_fake.api[1] = SP("orders");
    sp_fake.api[2] = SP("o1");
    sp_fake.api[3] = SP("/orders/");
    SAME(sp_config_get(SP("issuer")), SP("https://idp\xc3\xa9\xf0\x9d\x84\x9e\n"));
    SAME(sp_config_get(SP("n")), SP("7"));
    SAME(sp_config_get(SP("o")), SP("{\"n\":[1,\"}\"]}"));
    CHECK(!sp_found(sp_config_get(SP("tier"))));
    SAME(sp_api_config_get(SP("tier")), SP("gold"));
    SAME(sp_api_config_get(SP("")), sp_fake.api_config);
    SAME(sp_api_id(), SP("a1"));
    SAME(sp_api_name(), SP("orders"));
    SAME(sp_api_org_id(), SP("o1"));
    SAME(sp_api_listen_path(), SP("/orders/"));
}

static void test_session_and_values(void)
{
    CHECK(!sp_found(sp_session_get(SP(""))) && !sp_found(sp_metadata_get(SP("plan"))));
    CHECK(sp_session_set(SP("{}")) == SP_READ_ONLY);
    sp_fake.hook = "auth";
    sp_must(sp_session_set(SP("{\"alias\":\"ann\",\"rate\":5,\"meta_data\":{\"plan\":\"free\"}}")));
    SAME(sp_metadata_get(SP("plan")), SP("free"));
    sp_must(sp_metadata_set(SP("{\"plan\":\"pro\"}")));
    SAME(sp_metadata_get(SP("plan")), SP("pro"));
    SAME(sp_metadata_get(SP("")), SP("{\"plan\":\"pro\"}"));
    SAME(sp_session_get(SP("alias")), SP("ann"));
    SAME(sp_session_get(SP("rate")), SP("5"));
    sp_must(sp_meta_set(SP("seen"), SP("1")));
    sp_must(sp_meta_set(SP("seen"), SP("2")));
    SAME(sp_meta_get(SP("seen")), SP("2"));
    CHECK(!sp_found(sp_meta_get(SP("Seen"))));
}

static void test_events_and_system(void)
{
    char a[8], b[8];
    sp_fake.notice[0] = SP("AuthFailure");
    sp_fake.notice[1] = SP("{}");
    sp_fake.time_left = 5000;
    sp_fake.clock = 7;
    SAME(sp_notice_name(), SP("AuthFailure"));
    SAME(sp_notice_data(), SP("{}"));
    CHECK(sp_time_left() == 5000 && sp_clock_wall() == 7 && sp_clock_steady() == 7);
    sp_log(SP_WARN, SP("slow"));
    CHECK(sp_fake.logs.len == 1);
    SAME(sp_fake.logs.at[0].name, SP("warn"));
    SAME(sp_fake.logs.at[0].value, SP("slow"));
    sp_must(sp_random(a, sizeof a));
    sp_must(sp_random(b, sizeof b));
    CHECK(memcmp(a, b, sizeof a));
}

// ---------------------------------------------------------------- by grant

static void test_values_are_stored_and_counted(void)
{
    sp_str value;
    int64_t sum = 0;
    CHECK(sp_kv_get(SP("k"), &value) == SP_NOT_FOUND && !sp_found(value));
    CHECK(sp_kv_set(SP("k"), SP("v"), 1000) == 0 && sp_kv_get(SP("k"), &value) == 0);
    SAME(value, SP("v"));
    CHECK(sp_kv_set_if_absent(SP("k"), SP("w"), 0) == 0 && sp_kv_set_if_absent(SP("l"), SP("w"), 0) == 1);
    CHECK(sp_kv_incr(SP("n"), 5, 0, &sum) == 0 && sp_kv_incr(SP("n"), -7, 0, &sum) == 0 && sum == -2);
    CHECK(sp_kv_incr(SP("k"), 1, 0, &sum) == SP_INVALID);
    CHECK(sp_kv_del(SP("k")) == 0 && sp_kv_del(SP("k")) == 0 && sp_kv_get(SP("k"), &value) == SP_NOT_FOUND);
    CHECK(sp_fake.kv.len == 2);
}

static void test_refusals_are_told(void)
{
    sp_str value;
    int64_t sum;
    sp_fake.refuse = SP_UNAVAILABLE;
    CHECK(sp_kv_get(SP("k"), &value) == SP_UNAVAILABLE && !sp_found(value));
    CHECK(sp_kv_set(SP("k"), SP("v"), 0) == SP_UNAVAILABLE && sp_kv_del(SP("k")) == SP_UNAVAILABLE);
    CHECK(sp_kv_set_if_absent(SP("k"), SP("v"), 0) == SP_UNAVAILABLE && sp_kv_incr(SP("k"), 1, 0, &sum) == SP_UNAVAILABLE);
    CHECK(sp_http_request(SP("GET"), SP("http://a/"), 0, 0, sp_none()) == SP_UNAVAILABLE);
    CHECK(!sp_found(sp_env_get(SP("A"))));
}

static int32_t serve(sp_str method, sp_str url, sp_list header, sp_str body)
{
    sp_str name, value, seen = sp_concat(sp_concat(method, SP(" ")), url);
    while (sp_next_pair(&header, &name, &value))
        seen = sp_concat(sp_concat(sp_concat(seen, SP(" ")), name), sp_concat(SP("="), value));
    sp_fake.response.body = sp_concat(sp_concat(seen, SP(" ")), body);
    sp_fake_push_(&sp_fake.response.header, SP("Content-Type"), SP("text/plain"));
    return 201;
}

static void test_requests_are_answered(void)
{
    sp_field header[] = { { SP("A"), SP("1") }, { SP("B"), SP("") } };
    char buf[3];
    sp_str name, value;
    sp_list l;
    CHECK(!sp_found(sp_http_response_body()) && !sp_found(sp_http_response_header(SP("A"))));
    CHECK(sp_http_response_body_size() == SP_NOT_FOUND);
    sp_fake.http = serve;
    CHECK(sp_http_request(SP("POST"), SP("http://a/"), header, 2, SP("body")) == 201);
    SAME(sp_http_response_body(), SP("POST http://a/ A=1 B= body"));
    CHECK(sp_http_response_body_read(1, buf, sizeof buf) == 3 && !memcmp(buf, "OST", 3));
    SAME(sp_http_response_header(SP("content-type")), SP("text/plain"));
    l = sp_http_response_header_all();
    CHECK(sp_next_pair(&l, &name, &value) && !sp_next_pair(&l, &name, &value));
    SAME(name, SP("Content-Type"));
}

static void test_environment_and_metrics(void)
{
    sp_field labels[] = { { SP("outcome"), SP("hit") }, { SP("tier"), SP("gold") } };
    sp_fake_push_(&sp_fake.env, SP("REGION"), SP("eu"));
    SAME(sp_env_get(SP("REGION")), SP("eu"));
    CHECK(!sp_found(sp_env_get(SP("HOME"))));
    sp_must(sp_metric_add(SP("lookups"), labels, 2, 1));
    sp_must(sp_metric_add(SP("lookups"), labels, 2, 0.5));
    sp_must(sp_metric_set(SP("depth"), 0, 0, -3));
    CHECK(sp_metric_add(SP("lookups"), 0, 0, -1) == SP_INVALID);
    CHECK(sp_fake.metrics.len == 2 && sp_fake.metric[0] == 1.5 && sp_fake.metric[1] == -3);
    SAME(sp_fake.metrics.at[0].name, SP("lookups outcome=hit tier=gold"));
    SAME(sp_fake.metrics.at[1].name, SP("depth"));
}

// ---------------------------------------------------------------- run

#define RUN(name) { #name, name }

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        RUN(test_hooks_return_their_verdict),
        RUN(test_must_breaks_off_on_a_refusal),
        RUN(test_a_refused_answer_breaks_off),
        RUN(test_hooks_use_the_same_buffer_again),
        RUN(test_source_files_share_the_buffer),
        RUN(test_none_is_not_empty),
        RUN(test_cut_splits_at_the_first),
        RUN(test_numbers_are_decimal),
        RUN(test_get_returns_the_first_value),
        RUN(test_lists_keep_their_order),
        RUN(test_edits_of_header_fields),
        RUN(test_values_larger_than_the_buffer_are_read),
        RUN(test_bodies_are_spliced),
        RUN(test_bodies_are_read_by_range),
        RUN(test_streamed_bodies_are_not_found),
        RUN(test_the_request_line),
        RUN(test_response_cannot_edit_the_request),
        RUN(test_configuration_and_api),
        RUN(test_session_and_values),
        RUN(test_events_and_system),
        RUN(test_values_are_stored_and_counted),
        RUN(test_refusals_are_told),
        RUN(test_requests_are_answered),
        RUN(test_environment_and_metrics),
    };
    size_t count = sizeof tests / sizeof tests[0];
    for (size_t i = 0; i < count; i++) {
        sp_fake_reset();
        test = tests[i].name;
        tests[i].run();
    }
    sp_fake_reset();
    printf("%zu tests, %d failures\n", count, failures);
    return failures != 0;
}
