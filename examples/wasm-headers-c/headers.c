// Turns requests without an Authorization away, tells the upstream which
// tenant and which agent is calling, and removes a header that only insiders
// may send.
#include "sallyport.h"

// tenant_of returns the tenant in "Bearer TENANT.SECRET".
static sp_str tenant_of(sp_str authorization)
{
    sp_cut(&authorization, ' ');
    return sp_cut(&authorization, '.');
}

SP_HOOK(pre)
{
    sp_str authorization = sp_header_get(SP_REQUEST, SP("Authorization"));
    if (!sp_found(authorization))
        return sp_answer(401, SP("{\"error\":\"authorization required\"}"));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Tenant"), tenant_of(authorization)));
    sp_must(sp_header_set(SP_REQUEST, SP("X-Agent"), sp_header_get(SP_REQUEST, SP("User-Agent"))));
    sp_must(sp_header_del(SP_REQUEST, SP("X-Debug")));
    return SP_CONTINUE;
}
