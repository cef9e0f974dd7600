//! The conform plugin of the conformance kit in Rust: carries out the script
//! that a scenario gives it. See ../README.md.

use sallyport::{Exchange, Header, Result, Verdict};

mod json;

sallyport::hook!(pre, |x| play(x, "pre"));
sallyport::hook!(auth, |x| play(x, "auth"));
sallyport::hook!(post_key_auth, |x| play(x, "post_key_auth"));
sallyport::hook!(rate_limit, |x| play(x, "rate_limit"));
sallyport::hook!(post, |x| play(x, "post"));
sallyport::hook!(virtual, |x| play(x, "virtual"));
sallyport::hook!(response, |x| play(x, "response"));
sallyport::hook!(event, |x| play(x, "event"));

/// Carries out the lines for the hook that are in the API's config data.
fn play(x: &Exchange, hook: &str) -> Result<Verdict> {
    let echoes = if hook == "response" { x.reply().header() } else { x.request().header() };
    let mut script = Script { x, echoes, verdict: Verdict::Continue };
    for line in json::lines(text(x.api().config("script").unwrap_or_default()), hook) {
        script.line(&line)?;
    }
    Ok(script.verdict)
}

/// A script that is being carried out.
struct Script<'x> {
    x: &'x Exchange,
    echoes: Header<'x>, // where echoes go to
    verdict: Verdict,
}

const NONE: &[u8] = b"(none)";

impl Script<'_> {
    fn line(&mut self, line: &str) -> Result<()> {
        let (op, args) = cut(line);
        match op {
            "fail" => panic!("told to fail"),
            "hang" => loop {},
            _ if op.starts_with("echo-") => self.echo(op, args),
            _ if op.ends_with("-request-header") => header(self.x.request().header(), op, args),
            _ if op.ends_with("-reply-header") => header(self.x.reply().header(), op, args),
            _ if op.ends_with("-body") => self.body(op, &unhex(args)),
            _ => self.edit(op, args),
        }
    }

    fn echo(&self, op: &str, args: &str) -> Result<()> {
        let (src, dst) = cut(args);
        let dst = if dst.is_empty() { src } else { dst };
        self.echoes.set(dst, self.see(op, src)?)
    }

    /// Returns what an echo reports.
    fn see(&self, op: &str, src: &str) -> Result<Vec<u8>> {
        let x = self.x;
        let seen = match op {
            "echo-header" => x.request().header().get(src),
            "echo-reply-header" => x.reply().header().get(src),
            "echo-meta" => x.meta().get(src),
            "echo-metadata" => x.session().metadata(src),
            "echo-config" => x.api().config(src),
            "echo-method" => Some(x.request().method()),
            "echo-uri" => Some(x.request().uri()),
            "echo-host" => Some(x.request().host()),
            "echo-status" => return Ok(x.reply().status().to_string().into()),
            "echo-values" => return Ok(values(x.request().header(), src)),
            "echo-session" => return Ok(session(x)),
            "echo-body" => return x.request().body().map(hex),
            "echo-reply-body" => return x.reply().body().map(hex),
            _ => panic!("no line {}", op),
        };
        Ok(seen.unwrap_or(NONE).to_vec())
    }

    fn body(&self, op: &str, bytes: &[u8]) -> Result<()> {
        let (request, reply) = (self.x.request(), self.x.reply());
        match op {
            "set-request-body" => request.set_body(bytes),
            "set-reply-body" => reply.set_body(bytes),
            "append-request-body" => request.set_body([request.body()?, bytes].concat()),
            "append-reply-body" => reply.set_body(self.x.concat(&[reply.body()?, bytes])),
            _ => panic!("no line {}", op),
        }
    }

    /// Carries out the remaining edits.
    fn edit(&mut self, op: &str, args: &str) -> Result<()> {
        let (first, rest) = cut(args);
        let x = self.x;
        match op {
            "set-method" => x.request().set_method(args),
            "set-uri" => x.request().set_uri(args),
            "set-host" => x.request().set_host(args),
            "set-status" => x.reply().set_status(number(args)),
            "set-meta" => x.meta().set(first, rest),
            "set-session" => x.session().set(args),
            "set-metadata" => x.session().set_metadata(args),
            "answer" => {
                self.verdict = x.answer(number(first), unhex(rest))?;
                Ok(())
            }
            _ => panic!("no line {}", op),
        }
    }
}

fn header(h: Header<'_>, op: &str, args: &str) -> Result<()> {
    let (name, value) = cut(args);
    match &op[..4] {
        "set-" => h.set(name, value),
        "add-" => h.add(name, value),
        "del-" => h.del(name),
        _ => panic!("no line {}", op),
    }
}

fn values(h: Header<'_>, name: &str) -> Vec<u8> {
    let all: Vec<&[u8]> = h.values(name).collect();
    if all.is_empty() {
        return NONE.to_vec();
    }
    all.join(&b"|"[..])
}

fn session(x: &Exchange) -> Vec<u8> {
    match x.session().get("key_id") {
        Some(id) => [id, b"/", x.session().get("alias").unwrap_or_default()].concat(),
        None => NONE.to_vec(),
    }
}

fn cut(s: &str) -> (&str, &str) {
    s.split_once(' ').unwrap_or((s, ""))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn number(s: &str) -> u16 {
    s.parse().unwrap()
}

fn unhex(s: &str) -> Vec<u8> {
    s.as_bytes().chunks(2).map(|pair| u8::from_str_radix(text(pair), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    if bytes.is_empty() {
        return b"(empty)".to_vec();
    }
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}
