//! Uses every host function that the conform plugin does not: those by grant,
//! and what it has no lines for. ../granted_test.go knows what it should see.

use std::time::Duration;

use sallyport::{Exchange, HttpRequest, Level, Result, Verdict};

sallyport::hook!(pre, store);
sallyport::hook!(auth, call);
sallyport::hook!(post, rest);

/// Writes what was seen into a request header field.
fn tell(x: &Exchange, name: &str, seen: impl AsRef<[u8]>) -> Result<()> {
    x.request().header().set(name, seen)
}

const NONE: &[u8] = b"(none)";

fn code<T>(result: Result<T>) -> String {
    result.map_or_else(|e| e.code(), |_| 0).to_string()
}

fn store(x: &Exchange) -> Result<Verdict> {
    let (kv, ever) = (x.kv(), Duration::default());
    tell(x, "Absent", if kv.get("k:a")?.is_none() { "-1" } else { "0" })?;
    kv.set("k:a", "v", Duration::from_secs(60))?;
    tell(x, "Value", kv.get("k:a")?.unwrap_or(NONE))?;
    let (first, again) = (kv.set_if_absent("k:b", "w", ever)?, kv.set_if_absent("k:b", "w", ever)?);
    tell(x, "First", x.format(format_args!("{} {}", u8::from(first), u8::from(again))))?;
    let (one, less) = (kv.incr("k:n", 1, ever)?, kv.incr("k:n", -8589934592, ever)?);
    tell(x, "Sum", x.format(format_args!("{} {}", one, less)))?;
    kv.del("k:a")?;
    tell(x, "Gone", if kv.get("k:a")?.is_none() { "-1" } else { "0" })?;
    tell(x, "Denied", code(kv.del("other")))?;
    tell(x, "Home", x.env("HOME").unwrap_or(NONE))?;
    tell(x, "Unset", x.env("UNSET").unwrap_or(NONE))?;
    Ok(Verdict::Continue)
}

fn call(x: &Exchange) -> Result<Verdict> {
    let url = std::str::from_utf8(x.config("idp").unwrap_or(NONE)).unwrap();
    let header = &[("Content-Type", "text/plain"), ("X-Empty", "")];
    let r = x.http().send(HttpRequest { method: "POST", url, header, body: x.request().uri() })?;
    tell(x, "Status", r.status().to_string())?;
    tell(x, "Kind", r.header("content-type").unwrap_or(NONE))?;
    tell(x, "Names", r.headers().map(|(name, _)| [name, b";"].concat()).collect::<Vec<_>>().concat())?;
    tell(x, "Body", r.body()?)?;
    tell(x, "Denied", code(x.http().get("http://denied.example/")))?;
    tell(x, "Dropped", r.body().unwrap_or(NONE))?;
    x.metrics().add("seen", 1.0, &[])?;
    x.metrics().set("load", 0.5, &[("tier", std::str::from_utf8(x.api().id()).unwrap()), ("zone", "eu")])?;
    x.session().set(r#"{"key_id":"k1","alias":"ann"}"#)?;
    Ok(Verdict::Continue)
}

fn rest(x: &Exchange) -> Result<Verdict> {
    let (mut a, mut b) = ([0; 8], [0; 8]);
    x.random(&mut a)?;
    x.random(&mut b)?;
    tell(x, "Random", if a == b { "equal" } else { "different" })?;
    let clocks = x.wall_clock() > Duration::default() && x.steady_clock() > Duration::default();
    let left = x.time_left() > Duration::default();
    tell(x, "Clocks", x.format(format_args!("{} {}", u8::from(clocks), u8::from(left))))?;
    let (api, r) = (x.api(), x.request());
    tell(x, "Api", x.concat(&[api.id(), api.name(), api.org_id(), api.listen_path()]))?;
    tell(x, "Line", x.concat(&[r.remote_addr(), r.proto(), r.scheme(), r.id()]))?;
    tell(x, "Session", x.session().get("key_id").unwrap_or(NONE))?;
    x.log(Level::Info, "here");
    r.splice_body(1, 3, "ipp")?;
    let (size, read) = (r.body_size()?, r.read_body(2, &mut a[..2])?);
    tell(x, "Size", x.format(format_args!("{} {}", size, read)))?;
    Ok(Verdict::Continue)
}
