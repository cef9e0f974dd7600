//! Unit tests of the crate on the host, against its fake of the gateway.

use sallyport::{Error, Exchange, Fake, FakeRequest, FakeResponse, Fields, HttpRequest, Level, Result, Verdict};
use std::time::Duration;

sallyport::hook!(pre, tag);
sallyport::hook!(event, |x| match x.notice().name() {
    b"AuthFailure" => Verdict::Respond,
    _ => Verdict::Continue,
});
sallyport::hook!(virtual, tag);

fn tag(x: &Exchange) -> Result<Verdict> {
    if !x.request().header().has("Authorization") {
        return x.answer(401, "who are you?");
    }
    x.request().header().set("X-Tenant", "acme")?;
    Ok(Verdict::Continue)
}

fn fields(list: &[(&str, &str)]) -> Fields {
    Fields(list.iter().map(|f| (f.0.into(), f.1.into())).collect())
}

#[test]
fn handlers_return_their_verdict() {
    let mut fake = Fake::default();
    assert_eq!(fake.run(tag), Ok(Verdict::Respond));
    assert_eq!((fake.status, &*fake.reply_body), (401, &b"who are you?"[..]));

    let mut fake = Fake { request_header: fields(&[("authorization", "Bearer x")]), ..Fake::default() };
    assert_eq!(fake.run(tag), Ok(Verdict::Continue));
    assert_eq!(fake.request_header.get("X-Tenant"), Some("acme"));
}

#[test]
fn get_returns_the_first_value() {
    let mut fake = Fake { request_header: fields(&[("A", "1"), ("a", "2"), ("Empty", "")]), ..Fake::default() };
    fake.run(|x| {
        let h = x.request().header();
        assert_eq!(h.get("a"), Some(&b"1"[..]));
        assert_eq!(h.get("Empty"), Some(&b""[..]));
        assert_eq!(h.get("B"), None);
        assert!(h.has("empty") && !h.has("B"));
    });
}

#[test]
fn lists_keep_their_order() {
    let mut fake = Fake { reply_header: fields(&[("A", "1"), ("B", ""), ("a", "22")]), ..Fake::default() };
    fake.run(|x| {
        let h = x.reply().header();
        assert_eq!(h.values("A").collect::<Vec<_>>(), [b"1", &b"22"[..]]);
        assert_eq!(h.values("A").len(), 2);
        assert_eq!(h.values("C").next(), None);
        assert_eq!(h.names().collect::<Vec<_>>(), [b"A", b"B"]);
        let all: Vec<u8> = h.all().flat_map(|(n, v)| [n, b"=", v, b";"].concat()).collect();
        assert_eq!(all, b"A=1;B=;a=22;");
        assert!(x.request().header().all().next().is_none());
    });
}

#[test]
fn header_fields_are_edited() {
    let mut fake =
        Fake { request_header: fields(&[("A", "1"), ("B", "1"), ("a", "2"), ("C", "1")]), ..Fake::default() };
    fake.run(|x| -> Result<()> {
        let h = x.request().header();
        h.set("a", b"3")?;
        h.add("B", String::from("2"))?;
        h.del("c")?;
        h.set("D", "")
    })
    .unwrap();
    assert_eq!(fake.request_header, fields(&[("a", "3"), ("B", "1"), ("B", "2"), ("D", "")]));
}

#[test]
fn values_stay_where_they_are_when_the_buffer_grows() {
    let long = "x".repeat(100_000);
    let mut fake = Fake {
        uri: format!("/{}", long),
        request_body: long.clone().into(),
        request_header: fields(&[("Long", &long)]),
        ..Fake::default()
    };
    fake.run(|x| {
        let first = x.request().uri();
        assert_eq!(x.request().body(), Ok(long.as_bytes()));
        assert_eq!(x.request().header().get("Long"), Some(long.as_bytes()));
        assert_eq!(x.request().header().all().next(), Some((&b"Long"[..], long.as_bytes())));
        assert_eq!(first[1..], *long.as_bytes());
    });
}

#[test]
fn texts_are_made_in_the_buffer() {
    let long = "y".repeat(5000);
    Fake { uri: "/a".into(), ..Fake::default() }.run(|x| {
        let uri = x.request().uri();
        let joined = x.concat(&[uri, b"?", b"", uri]);
        let formatted = x.format(format_args!("{} and {:04}", -200, 7));
        let grown = x.format(format_args!("{}{}{}", 1, long, 2));
        assert_eq!(joined, b"/a?/a");
        assert_eq!(formatted, "-200 and 0007");
        assert_eq!(grown, format!("1{}2", long));
        assert_eq!((uri, x.concat(&[])), (&b"/a"[..], &b""[..]));
    });
}

#[test]
fn bodies_are_spliced_and_replaced() {
    let mut fake = Fake { request_body: b"hello".to_vec(), reply_body: b"ok".to_vec(), ..Fake::default() };
    fake.run(|x| -> Result<()> {
        x.request().splice_body(1, 3, "ipp")?;
        x.request().splice_body(99, 0, "!")?;
        x.reply().splice_body(0, u32::MAX, "no")?;
        assert_eq!(x.request().body(), Ok(&b"hippo!"[..]));
        assert_eq!((x.request().body_size(), x.reply().body_size()), (Ok(6), Ok(2)));
        x.request().set_body([])?;
        assert_eq!(x.request().body(), Ok(&b""[..]));
        x.reply().set_body("yes")
    })
    .unwrap();
    assert_eq!((&*fake.request_body, &*fake.reply_body), (&b""[..], &b"yes"[..]));
}

#[test]
fn bodies_are_read_by_range() {
    let mut fake = Fake { request_body: b"abcdef".to_vec(), reply_body: b"gh".to_vec(), ..Fake::default() };
    fake.run(|x| {
        let mut buf = [0; 4];
        assert_eq!((x.request().read_body(0, &mut buf), &buf), (Ok(4), b"abcd"));
        assert_eq!((x.request().read_body(4, &mut buf), &buf[..2]), (Ok(2), &b"ef"[..]));
        assert_eq!(x.request().read_body(7, &mut buf), Ok(0));
        assert_eq!((x.reply().read_body(1, &mut buf), buf[0]), (Ok(1), b'h'));
    });
}

#[test]
fn streamed_bodies_cannot_be_read() {
    let mut fake = Fake { streamed: true, request_body: b"abc".to_vec(), ..Fake::default() };
    fake.run(|x| {
        assert_eq!(x.request().body(), Err(Error::Streamed));
        assert_eq!(x.reply().body_size(), Err(Error::Streamed));
        assert_eq!(x.request().read_body(0, &mut [0]), Err(Error::Streamed));
        assert_eq!(x.request().splice_body(0, 0, ""), Err(Error::Streamed));
    });
}

#[test]
fn the_request_line_is_read_and_edited() {
    let mut fake = Fake {
        method: "PUT".into(),
        uri: "/a?b".into(),
        host: "h".into(),
        remote_addr: "1.2.3.4:5".into(),
        proto: "HTTP/1.1".into(),
        scheme: "https".into(),
        request_id: "r1".into(),
        ..Fake::default()
    };
    fake.run(|x| -> Result<()> {
        let r = x.request();
        let parts = [r.method(), r.uri(), r.host(), r.remote_addr(), r.proto(), r.scheme(), r.id()];
        assert_eq!(parts.join(&b" "[..]), b"PUT /a?b h 1.2.3.4:5 HTTP/1.1 https r1");
        r.set_method("POST")?;
        r.set_uri("/c")?;
        r.set_host("i")
    })
    .unwrap();
    assert_eq!([fake.method, fake.uri, fake.host], ["POST", "/c", "i"]);
}

#[test]
fn the_hook_response_cannot_edit_the_request() {
    Fake { hook: "response".into(), ..Fake::default() }.run(|x| {
        let (r, h) = (x.request(), x.request().header());
        let edits = [r.set_method("PUT"), r.set_body(""), h.set("A", "1"), h.add("A", "1"), h.del("A")];
        assert_eq!(edits, [Err(Error::ReadOnly); 5]);
        assert_eq!(x.reply().set_status(201), Ok(()));
        assert_eq!(x.reply().status(), 201);
        assert_eq!(x.reply().set_status(99), Err(Error::Invalid));
        assert_eq!(x.answer(600, ""), Err(Error::Invalid));
    });
}

#[test]
fn configuration_is_found_by_member() {
    let config = r#"{ "issuer": "https:\/\/idp\u00e9\ud834\udd1e\n", "n" : 7, "o": {"n":[1,"}\""]} }"#;
    let mut fake = Fake { config: Some(config.into()), ..Fake::default() };
    fake.api.config = Some(r#"{"tier":"gold"}"#.into());
    fake.api.id = "a1".into();
    fake.api.name = "orders".into();
    fake.api.org_id = "o1".into();
    fake.api.listen_path = "/orders/".into();
    fake.run(|x| {
        assert_eq!(x.config("issuer"), Some("https://idpé𝄞\n".as_bytes()));
        assert_eq!(x.config("n"), Some(&b"7"[..]));
        assert_eq!(x.config("o"), Some(&br#"{"n":[1,"}\""]}"#[..]));
        assert_eq!(x.config("tier"), None);
        let a = x.api();
        assert_eq!(a.config("tier"), Some(&b"gold"[..]));
        assert_eq!(a.config(""), Some(&br#"{"tier":"gold"}"#[..]));
        assert_eq!([a.id(), a.name(), a.org_id(), a.listen_path()].join(&b" "[..]), b"a1 orders o1 /orders/");
    });
}

#[test]
fn session_and_values_are_kept() {
    let mut fake = Fake { hook: "auth".into(), ..Fake::default() };
    fake.run(|x| -> Result<()> {
        let s = x.session();
        assert_eq!((s.get(""), s.metadata("plan")), (None, None));
        assert_eq!(s.set_metadata("{}"), Err(Error::ReadOnly));
        s.set(r#"{"alias":"ann","rate":5,"meta_data":{"plan":"free"}}"#)?;
        assert_eq!(s.metadata("plan"), Some(&b"free"[..]));
        s.set_metadata(r#"{"plan":"pro"}"#)?;
        assert_eq!(s.metadata("plan"), Some(&b"pro"[..]));
        assert_eq!(s.get("meta_data"), Some(&br#"{"plan":"pro"}"#[..]));
        assert_eq!((s.get("alias"), s.get("rate")), (Some(&b"ann"[..]), Some(&b"5"[..])));
        assert_eq!(x.meta().set("", "1"), Err(Error::Invalid));
        x.meta().set("seen", [0, 255])?;
        assert_eq!((x.meta().get("seen"), x.meta().get("Seen")), (Some(&[0, 255][..]), None));
        Ok(())
    })
    .unwrap();
    fake.hook = "pre".into();
    assert_eq!(fake.run(|x| x.session().set("{}")), Err(Error::ReadOnly));
}

#[test]
fn events_and_system_functions() {
    let mut fake = Fake { hook: "event".into(), time_left: Duration::from_millis(5), ..Fake::default() };
    fake.notice.name = "AuthFailure".into();
    fake.notice.data = "{}".into();
    fake.clock = Duration::from_secs(7);
    fake.run(|x| {
        assert_eq!((x.notice().name(), x.notice().data()), (&b"AuthFailure"[..], &b"{}"[..]));
        assert_eq!(x.reply().set_status(200), Err(Error::ReadOnly));
        assert_eq!(x.time_left(), Duration::from_millis(5));
        assert_eq!((x.wall_clock(), x.steady_clock()), (Duration::from_secs(7), Duration::from_secs(7)));
        let (mut a, mut b) = ([0; 8], [0; 8]);
        x.random(&mut a).and(x.random(&mut b)).unwrap();
        assert_ne!(a, b);
        x.log(Level::Warn, "slow");
    });
    assert_eq!(fake.logs, [(Level::Warn, "slow".into())]);
}

#[test]
fn values_are_stored_and_counted() {
    let mut fake = Fake::default();
    let (ever, second) = (Duration::from_secs(0), Duration::from_secs(1));
    fake.run(|x| {
        let kv = x.kv();
        assert_eq!(kv.get("k"), Ok(None));
        assert_eq!(kv.set("k", [0, 255], second), Ok(()));
        assert_eq!(kv.get("k"), Ok(Some(&[0, 255][..])));
        assert_eq!((kv.set_if_absent("k", "w", ever), kv.set_if_absent("l", "w", ever)), (Ok(false), Ok(true)));
        assert_eq!((kv.incr("n", 5, ever), kv.incr("n", -7, second)), (Ok(5), Ok(-2)));
        assert_eq!(kv.incr("n", i64::MIN, ever), Err(Error::Invalid));
        assert_eq!(kv.incr("k", 1, ever), Err(Error::Invalid));
        assert_eq!((kv.del("k"), kv.del("k"), kv.get("k")), (Ok(()), Ok(()), Ok(None)));
        assert_eq!(kv.set("", "", Duration::from_secs(u64::MAX)), Err(Error::Invalid));
    });
    assert_eq!(fake.kv["n"], b"-2");
}

#[test]
fn refusals_are_told() {
    let mut fake = Fake { refuse: Some(Error::Denied), http: Some(serve), ..Fake::default() };
    fake.run(|x| {
        let (kv, ever) = (x.kv(), Duration::from_secs(0));
        assert_eq!((kv.get("k"), kv.del("k")), (Err(Error::Denied), Err(Error::Denied)));
        assert_eq!((kv.set("k", "v", ever), kv.incr("k", 1, ever)), (Err(Error::Denied), Err(Error::Denied)));
        assert_eq!(kv.set_if_absent("k", "v", ever), Err(Error::Denied));
        assert_eq!(x.http().get("http://a/").err(), Some(Error::Denied));
        assert_eq!(x.env("REGION"), None);
    });
    assert_eq!(Fake::default().run(|x| x.http().get("http://a/").err()), Some(Error::Unavailable));
}

fn serve(q: FakeRequest) -> Result<FakeResponse> {
    if q.url == "http://slow/" {
        return Err(Error::Timeout);
    }
    let body = format!("{} {} {:?} {}", q.method, q.url, q.header.0, q.body.len());
    Ok(FakeResponse { status: 201, header: fields(&[("Content-Type", "text/plain")]), body: body.into() })
}

#[test]
fn requests_are_answered() {
    Fake { http: Some(serve), ..Fake::default() }.run(|x| {
        let q = HttpRequest { method: "POST", url: "http://a/", header: &[("A", "1"), ("B", "")], body: b"body" };
        let r = x.http().send(q).ok().unwrap();
        assert_eq!(r.status(), 201);
        assert_eq!(r.body(), Ok(&br#"POST http://a/ [("A", "1"), ("B", "")] 4"#[..]));
        assert_eq!((r.header("content-type"), r.header("A")), (Some(&b"text/plain"[..]), None));
        assert_eq!(r.headers().collect::<Vec<_>>(), [(&b"Content-Type"[..], &b"text/plain"[..])]);
        let mut buf = [0; 3];
        assert_eq!((r.read_body(1, &mut buf), &buf), (Ok(3), b"OST"));
        assert_eq!(x.http().get("http://slow/").err(), Some(Error::Timeout));
        assert_eq!(
            (r.body(), r.body_size(), r.header("content-type")),
            (Err(Error::NotFound), Err(Error::NotFound), None)
        );
    });
}

#[test]
fn environment_and_metrics() {
    let mut fake = Fake::default();
    fake.env.insert("REGION".into(), "eu".into());
    fake.run(|x| -> Result<()> {
        assert_eq!((x.env("REGION"), x.env("HOME")), (Some(&b"eu"[..]), None));
        assert_eq!(x.metrics().add("lookups", -1.0, &[]), Err(Error::Invalid));
        x.metrics().add("lookups", 1.0, &[("outcome", "hit"), ("tier", "gold")])?;
        x.metrics().add("lookups", 0.5, &[("outcome", "hit"), ("tier", "gold")])?;
        x.metrics().set("depth", -3.0, &[])
    })
    .unwrap();
    assert_eq!(fake.metrics["lookups outcome=hit tier=gold"], 1.5);
    assert_eq!(fake.metrics["depth"], -3.0);
}

#[test]
#[should_panic(expected = "hook failed: no tenant")]
fn fail_breaks_off() {
    Fake::default().run(|x| -> Verdict { x.fail("no tenant") });
}

#[test]
fn errors_have_the_codes_of_the_abi() {
    for (i, e) in [
        Error::NotFound,
        Error::Fault,
        Error::Invalid,
        Error::ReadOnly,
        Error::Limit,
        Error::Streamed,
        Error::NoCall,
        Error::Denied,
        Error::Unavailable,
        Error::Timeout,
        Error::Other(-11),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(e.code(), -1 - i as i32);
        assert!(!e.to_string().is_empty());
    }
}
