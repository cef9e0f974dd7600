//! The four hooks of the benchmark in Rust.
#![cfg_attr(target_arch = "wasm32", no_std)]

use sallyport::{Exchange, Result, Verdict};

sallyport::panic_handler!();
sallyport::hook!(pre, headers);
sallyport::hook!(post, json);
sallyport::hook!(auth, auth);
sallyport::hook!(response, rewrite);

/// Returns what follows the scheme in "Bearer TENANT.SECRET".
fn token_of(authorization: &[u8]) -> &[u8] {
    authorization.splitn(2, |&c| c == b' ').nth(1).unwrap_or_default()
}

/// The header hook: two fields read, two set, one removed.
fn headers(x: &Exchange) -> Result<Verdict> {
    let h = x.request().header();
    let token = token_of(h.get("Authorization").unwrap_or_default());
    h.set("X-Tenant", token.split(|&c| c == b'.').next().unwrap_or_default())?;
    h.set("X-Agent", h.get("User-Agent").unwrap_or_default())?;
    h.del("X-Debug")?;
    Ok(Verdict::Continue)
}

fn skip_space(s: &[u8], from: usize) -> usize {
    let space = |c: &u8| matches!(c, b' ' | b'\n' | b'\r' | b'\t');
    from + s.iter().skip(from).take_while(|c| space(c)).count()
}

/// Returns where the text that begins before i ends: at its quote.
fn text_end(s: &[u8], mut i: usize) -> usize {
    while i < s.len() && s[i] != b'"' {
        i += if s[i] == b'\\' { 2 } else { 1 };
    }
    i.min(s.len())
}

/// Finds where the text of a member of a JSON object is, not of one inside it.
fn member(json: &[u8], name: &[u8]) -> Option<(usize, usize)> {
    let (mut depth, mut i) = (0, 0);
    while i < json.len() {
        match json[i] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let from = i + 1;
                i = text_end(json, from);
                let colon = skip_space(json, i + 1);
                if depth == 1 && json[from..i] == *name && json.get(colon) == Some(&b':') {
                    let value = skip_space(json, colon + 1) + 1;
                    return (json.get(value - 1) == Some(&b'"')).then(|| (value, text_end(json, value)));
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}

/// The JSON hook: a body read, one member changed, two fields set.
fn json(x: &Exchange) -> Result<Verdict> {
    let body = x.request().body()?;
    let (id, status) = match (member(body, b"id"), member(body, b"status")) {
        (Some(id), Some(status)) => (id, status),
        _ => return x.answer(400, r#"{"error":"no id or status"}"#),
    };
    x.request().header().set("X-Order", &body[id.0..id.1])?;
    x.request().header().set("X-Status", &body[status.0..status.1])?;
    x.request().splice_body(status.0 as u32, (status.1 - status.0) as u32, "seen")?;
    Ok(Verdict::Continue)
}

/// The auth hook: the tenant of the key is looked up in the store.
fn auth(x: &Exchange) -> Result<Verdict> {
    let token = token_of(x.request().header().get("Authorization").unwrap_or_default());
    let tenant = match x.kv().get(x.concat(&[b"bench:", token]))? {
        Some(tenant) => tenant,
        None => return x.answer(401, r#"{"error":"unknown key"}"#),
    };
    x.session().set(x.concat(&[br#"{"key_id":""#, tenant, br#""}"#]))?;
    x.request().header().set("X-Tenant", tenant)?;
    Ok(Verdict::Continue)
}

/// The rewrite of the response: one field set, one removed, one member of the
/// body changed.
fn rewrite(x: &Exchange) -> Result<Verdict> {
    x.reply().header().set("X-Rewritten", "1")?;
    x.reply().header().del("X-Powered-By")?;
    if let Some((from, to)) = member(x.reply().body()?, b"status") {
        x.reply().splice_body(from as u32, (to - from) as u32, "seen")?;
    }
    Ok(Verdict::Continue)
}
