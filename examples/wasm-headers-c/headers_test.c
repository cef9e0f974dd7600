// Tests of headers.c, on the host.
#include "headers.c"
#include "sallyport_fake.h"

#undef NDEBUG
#include <assert.h>

static void test_tags_the_request(void)
{
    sp_fake_reset();
    sp_fake_field(SP_REQUEST, SP("Authorization"), SP("Bearer acme.secret"));
    sp_fake_field(SP_REQUEST, SP("User-Agent"), SP("curl/8"));
    sp_fake_field(SP_REQUEST, SP("X-Debug"), SP("1"));
    assert(sp_fake_call(sallyport_pre) == SP_CONTINUE);
    assert(sp_equal(sp_fake_get(SP_REQUEST, SP("X-Tenant")), SP("acme")));
    assert(sp_equal(sp_fake_get(SP_REQUEST, SP("X-Agent")), SP("curl/8")));
    assert(!sp_found(sp_fake_get(SP_REQUEST, SP("X-Debug"))));
}

static void test_answers_without_authorization(void)
{
    sp_fake_reset();
    assert(sp_fake_call(sallyport_pre) == SP_RESPOND);
    assert(sp_fake.status == 401);
}

int main(void)
{
    test_tags_the_request();
    test_answers_without_authorization();
    return 0;
}
