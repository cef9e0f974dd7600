use core::fmt::{self, Write};
use core::time::Duration;

use crate::arena::Arena;
use crate::error::{check, Result};
use crate::host::{self, Host};
use crate::{Api, Http, Kv, Meta, Metrics, Notice, Reply, Request, Session, Verdict};

/// One request and, once there is one, its reply. It is valid until the hook
/// returns.
pub struct Exchange {
    pub(crate) host: Host,
    pub(crate) arena: Arena,
}

/// The level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For those who write the plugin.
    Debug = 0,
    /// Worth knowing.
    Info = 1,
    /// Worth looking at.
    Warn = 2,
    /// Something failed.
    Error = 3,
}

impl Exchange {
    pub(crate) const fn new(host: Host) -> Exchange {
        Exchange { host, arena: Arena::new() }
    }

    /// Returns what the client sent.
    pub fn request(&self) -> Request<'_> {
        Request { x: self }
    }

    /// Returns what the client will get.
    pub fn reply(&self) -> Reply<'_> {
        Reply { x: self }
    }

    /// Returns the values from plugin to plugin of one request.
    pub fn meta(&self) -> Meta<'_> {
        Meta { x: self }
    }

    /// Returns what is known of the caller.
    pub fn session(&self) -> Session<'_> {
        Session { x: self }
    }

    /// Returns the API that the request was routed to.
    pub fn api(&self) -> Api<'_> {
        Api { x: self }
    }

    /// Returns what happened; hook event only.
    pub fn notice(&self) -> Notice<'_> {
        Notice { x: self }
    }

    /// Returns what the plugin counts and measures.
    pub fn metrics(&self) -> Metrics<'_> {
        Metrics { x: self }
    }

    /// Returns the store, as far as it was granted.
    pub fn kv(&self) -> Kv<'_> {
        Kv { x: self }
    }

    /// Returns what sends requests to where it was granted.
    pub fn http(&self) -> Http<'_> {
        Http { x: self }
    }

    /// Returns an environment value of the gateway that the configuration of
    /// the plugin names: `allow: { env: ["REGION"] }`. It is none if the value
    /// is not set, or was not granted. A plugin that uses it needs a grant.
    pub fn env(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        self.arena.read(&self.host, |buf| self.host.env_get(name, buf)).ok()
    }

    /// Returns one member of the plugin's configuration: strings as their
    /// text, everything else as JSON. The empty name is the whole object.
    pub fn config(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.config_of(0, name.as_ref())
    }

    pub(crate) fn config_of(&self, scope: u32, name: &[u8]) -> Option<&[u8]> {
        self.arena.read(&self.host, |buf| self.host.config_get(scope, name, buf)).ok()
    }

    /// Replaces the whole reply by a status and a body without header fields,
    /// and returns what the handler is to return:
    ///
    /// ```
    /// # use sallyport::*;
    /// fn deny(x: &Exchange) -> Result<Verdict> {
    ///     x.answer(401, "who are you?")
    /// }
    /// ```
    pub fn answer(&self, status: u16, body: impl AsRef<[u8]>) -> Result<Verdict> {
        check(self.host.reply_answer(status.into(), body.as_ref()))?;
        Ok(Verdict::Respond)
    }

    /// Ends the hook: the gateway discards its edits and logs the reason.
    pub fn fail(&self, why: &str) -> ! {
        self.log(Level::Error, why);
        host::fail(why)
    }

    /// Writes a line to the log of the gateway, where it is tagged with plugin
    /// and request. Long lines are cut and floods are dropped.
    pub fn log(&self, level: Level, line: impl AsRef<[u8]>) {
        self.host.log(level as u32, line.as_ref());
    }

    /// Returns the time since the Unix epoch.
    pub fn wall_clock(&self) -> Duration {
        nanos(self.host.clock(0))
    }

    /// Returns the time of a monotonic clock.
    pub fn steady_clock(&self) -> Duration {
        nanos(self.host.clock(1))
    }

    /// Returns how long the hook may still run.
    pub fn time_left(&self) -> Duration {
        nanos(self.host.time_left())
    }

    /// Fills a buffer of at most 64 KiB from a secure source.
    pub fn random(&self, buf: &mut [u8]) -> Result<()> {
        check(self.host.random(buf))
    }

    /// Returns the parts one behind the other, without allocating.
    pub fn concat(&self, parts: &[&[u8]]) -> &[u8] {
        let join = |all, part: &&[u8]| self.arena.append(&self.host, all, part);
        parts.iter().fold(&[], join)
    }

    /// Returns formatted text, without allocating:
    ///
    /// ```
    /// # use sallyport::*;
    /// fn name_status(x: &Exchange) -> Result<()> {
    ///     let text = x.format(format_args!("status {}", x.reply().status()));
    ///     x.reply().header().set("X-Status", text)
    /// }
    /// ```
    pub fn format(&self, args: fmt::Arguments<'_>) -> &str {
        let mut text = Text { x: self, bytes: &[] };
        if text.write_fmt(args).is_err() {
            self.fail("an argument cannot be formatted");
        }
        // SAFETY: made of strings only.
        unsafe { core::str::from_utf8_unchecked(text.bytes) }
    }
}

/// Text that grows in the arena.
struct Text<'x> {
    x: &'x Exchange,
    bytes: &'x [u8],
}

impl Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.bytes = self.x.arena.append(&self.x.host, self.bytes, s.as_bytes());
        Ok(())
    }
}

fn nanos(n: i64) -> Duration {
    Duration::from_nanos(n.max(0) as u64)
}
