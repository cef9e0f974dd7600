//! Turns requests without an Authorization away, tells the upstream which
//! tenant and which agent is calling, and removes a header that only insiders
//! may send.

use sallyport::{Exchange, Result, Verdict};

sallyport::hook!(pre, headers);

fn headers(x: &Exchange) -> Result<Verdict> {
    let h = x.request().header();
    let authorization = match h.get("Authorization") {
        Some(value) => value,
        None => return x.answer(401, r#"{"error":"authorization required"}"#),
    };
    h.set("X-Tenant", tenant_of(authorization))?;
    h.set("X-Agent", h.get("User-Agent").unwrap_or_default())?;
    h.del("X-Debug")?;
    Ok(Verdict::Continue)
}

/// Returns the tenant in "Bearer TENANT.SECRET".
fn tenant_of(authorization: &[u8]) -> &[u8] {
    let token = authorization.splitn(2, |&c| c == b' ').nth(1).unwrap_or_default();
    token.split(|&c| c == b'.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sallyport::Fake;

    #[test]
    fn tags_the_request() {
        let mut fake = Fake::default();
        fake.request_header.add("Authorization", "Bearer acme.secret");
        fake.request_header.add("User-Agent", "curl/8");
        fake.request_header.add("X-Debug", "1");
        assert_eq!(fake.run(headers), Ok(Verdict::Continue));
        assert_eq!(fake.request_header.get("X-Tenant"), Some("acme"));
        assert_eq!(fake.request_header.get("X-Agent"), Some("curl/8"));
        assert_eq!(fake.request_header.get("X-Debug"), None);
    }

    #[test]
    fn answers_without_authorization() {
        let mut fake = Fake::default();
        assert_eq!(fake.run(headers), Ok(Verdict::Respond));
        assert_eq!(fake.status, 401);
    }

    #[test]
    fn a_token_without_a_dot_is_the_tenant() {
        assert_eq!(tenant_of(b"Bearer acme"), b"acme");
        assert_eq!(tenant_of(b"Bearer"), b"");
    }
}
