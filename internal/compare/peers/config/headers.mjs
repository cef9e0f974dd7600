// The header hook: what a key TENANT.SECRET begins with, and the user agent.
// njs cannot change request header fields, so they are variables that
// proxy_set_header reads.
function tenant(r) {
    const key = (r.headersIn["Authorization"] || "").replace(/^bearer\s+/i, "");
    return key.split(".", 1)[0];
}

function agent(r) {
    return r.headersIn["User-Agent"] || "";
}

export default { tenant, agent };
