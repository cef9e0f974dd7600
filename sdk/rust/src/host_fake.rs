//! The functions of the gateway, as a fake has them.

use core::cell::{Ref, RefCell, RefMut};
use core::convert::TryFrom;
use std::borrow::Cow;
use std::boxed::Box;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::error::Error;
use crate::json::member;
use crate::list::{Items, Pairs};
use crate::{Fake, FakeRequest, FakeResponse, Fields, Level};

/// The gateway.
pub(crate) struct Host {
    fake: RefCell<Fake>,
    response: RefCell<Option<FakeResponse>>, // that is held
    buffers: RefCell<Vec<*mut [u8]>>,        // of the arena
}

/// Ends the hook.
pub(crate) fn fail(why: &str) -> ! {
    panic!("hook failed: {}", why)
}

const REQUEST: u32 = 0;
const REPLY: u32 = 1;

impl Host {
    pub(crate) fn new(fake: Fake) -> Host {
        Host { fake: RefCell::new(fake), response: RefCell::default(), buffers: RefCell::default() }
    }

    pub(crate) fn into_fake(self) -> Fake {
        self.fake.take()
    }

    /// Returns how many bytes a buffer with that end has grown by: none.
    pub(crate) fn extend(&self, _: *mut u8, _: usize) -> usize {
        0
    }

    /// Returns n new bytes, all zero, that live as long as the host.
    pub(crate) fn more(&self, n: usize) -> (*mut u8, usize) {
        let buffer = Box::into_raw(std::vec![0; n].into_boxed_slice());
        self.buffers.borrow_mut().push(buffer);
        (buffer.cast(), n)
    }

    fn fake(&self) -> Ref<'_, Fake> {
        self.fake.borrow()
    }

    /// Carries out an edit of a message, if the hook may edit it.
    fn edit(&self, message: u32, edit: impl FnOnce(RefMut<'_, Fake>)) -> i32 {
        let fake = self.fake.borrow_mut();
        if fake.hook == "event" || (message == REQUEST && fake.hook == "response") {
            return Error::ReadOnly.code();
        }
        edit(fake);
        0
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for buffer in self.buffers.get_mut().drain(..) {
            // SAFETY: from Box::into_raw, and the arena goes with the host.
            drop(unsafe { Box::from_raw(buffer) });
        }
    }
}

impl Host {
    pub(crate) fn header_get(&self, message: u32, name: &[u8], buf: &mut [u8]) -> i32 {
        give_if(header(&self.fake(), message).get(&text(name)), buf)
    }

    pub(crate) fn header_values(&self, message: u32, name: &[u8], buf: &mut [u8]) -> i32 {
        let fake = self.fake();
        give_list(header(&fake, message).values(&text(name)), buf)
    }

    pub(crate) fn header_names(&self, message: u32, buf: &mut [u8]) -> i32 {
        give_list(header(&self.fake(), message).names().into_iter(), buf)
    }

    pub(crate) fn header_all(&self, message: u32, buf: &mut [u8]) -> i32 {
        let fake = self.fake();
        give_list(header(&fake, message).0.iter().flat_map(|f| [&*f.0, &*f.1]), buf)
    }

    pub(crate) fn header_set(&self, message: u32, name: &[u8], value: &[u8]) -> i32 {
        self.edit(message, |mut f| header_mut(&mut f, message).set(&text(name), &text(value)))
    }

    pub(crate) fn header_add(&self, message: u32, name: &[u8], value: &[u8]) -> i32 {
        self.edit(message, |mut f| header_mut(&mut f, message).add(&text(name), &text(value)))
    }

    pub(crate) fn header_del(&self, message: u32, name: &[u8]) -> i32 {
        self.edit(message, |mut f| header_mut(&mut f, message).del(&text(name)))
    }

    pub(crate) fn request_get(&self, part: u32, buf: &mut [u8]) -> i32 {
        let f = self.fake();
        let parts = [&f.method, &f.uri, &f.host, &f.remote_addr, &f.proto, &f.scheme, &f.request_id];
        give(parts[part as usize].as_bytes(), buf)
    }

    pub(crate) fn request_set(&self, part: u32, value: &[u8]) -> i32 {
        self.edit(REQUEST, |mut f| {
            let value = text(value).into_owned();
            match part {
                0 => f.method = value,
                1 => f.uri = value,
                _ => f.host = value,
            }
        })
    }

    pub(crate) fn request_body_size(&self) -> i32 {
        body_size(&self.fake(), REQUEST)
    }

    pub(crate) fn request_body_read(&self, offset: u32, buf: &mut [u8]) -> i32 {
        body_read(&self.fake(), REQUEST, offset, buf)
    }

    pub(crate) fn request_body_splice(&self, offset: u32, count: u32, bytes: &[u8]) -> i32 {
        self.body_splice(REQUEST, offset, count, bytes)
    }

    pub(crate) fn request_body_set(&self, bytes: &[u8]) -> i32 {
        self.edit(REQUEST, |mut f| f.request_body = bytes.into())
    }

    pub(crate) fn reply_status(&self) -> i32 {
        self.fake().status.into()
    }

    pub(crate) fn reply_set_status(&self, status: u32) -> i32 {
        match u16::try_from(status) {
            Ok(s) if (200..600).contains(&s) => self.edit(REPLY, |mut f| f.status = s),
            _ => Error::Invalid.code(),
        }
    }

    pub(crate) fn reply_answer(&self, status: u32, body: &[u8]) -> i32 {
        let result = self.reply_set_status(status);
        if result < 0 {
            return result;
        }
        self.edit(REPLY, |mut f| {
            f.reply_header = Fields::default();
            f.reply_body = body.into();
        })
    }

    pub(crate) fn reply_body_size(&self) -> i32 {
        body_size(&self.fake(), REPLY)
    }

    pub(crate) fn reply_body_read(&self, offset: u32, buf: &mut [u8]) -> i32 {
        body_read(&self.fake(), REPLY, offset, buf)
    }

    pub(crate) fn reply_body_splice(&self, offset: u32, count: u32, bytes: &[u8]) -> i32 {
        self.body_splice(REPLY, offset, count, bytes)
    }

    pub(crate) fn reply_body_set(&self, bytes: &[u8]) -> i32 {
        self.edit(REPLY, |mut f| f.reply_body = bytes.into())
    }

    fn body_splice(&self, message: u32, offset: u32, count: u32, bytes: &[u8]) -> i32 {
        if self.fake().streamed {
            return Error::Streamed.code();
        }
        self.edit(message, |mut f| {
            let body = if message == REPLY { &mut f.reply_body } else { &mut f.request_body };
            let from = body.len().min(offset as usize);
            let to = body.len().min(from.saturating_add(count as usize));
            body.splice(from..to, bytes.iter().copied());
        })
    }
}

impl Host {
    pub(crate) fn meta_get(&self, name: &[u8], buf: &mut [u8]) -> i32 {
        give_if(self.fake().meta.get(&*text(name)), buf)
    }

    pub(crate) fn meta_set(&self, name: &[u8], value: &[u8]) -> i32 {
        if name.is_empty() {
            return Error::Invalid.code();
        }
        self.edit(REPLY, |mut f| drop(f.meta.insert(text(name).into(), value.into())))
    }

    pub(crate) fn session_get(&self, name: &[u8], buf: &mut [u8]) -> i32 {
        let f = self.fake();
        match (&f.session, &f.metadata) {
            (Some(_), Some(metadata)) if name == b"meta_data" => give(metadata.as_bytes(), buf),
            (session, _) => give_member(session, name, buf),
        }
    }

    pub(crate) fn session_set(&self, json: &[u8]) -> i32 {
        let mut f = self.fake.borrow_mut();
        if f.hook != "auth" {
            return Error::ReadOnly.code();
        }
        f.session = Some(text(json).into());
        f.metadata = None;
        0
    }

    pub(crate) fn metadata_get(&self, name: &[u8], buf: &mut [u8]) -> i32 {
        let f = self.fake();
        let first = f.session.as_deref().and_then(|s| member(s, "meta_data"));
        let metadata = f.session.as_ref().and(f.metadata.clone().or(first));
        give_member(&metadata, name, buf)
    }

    pub(crate) fn metadata_set(&self, json: &[u8]) -> i32 {
        if self.fake().session.is_none() {
            return Error::ReadOnly.code();
        }
        self.edit(REPLY, |mut f| f.metadata = Some(text(json).into()))
    }

    pub(crate) fn config_get(&self, scope: u32, name: &[u8], buf: &mut [u8]) -> i32 {
        let f = self.fake();
        give_member(if scope == 0 { &f.config } else { &f.api.config }, name, buf)
    }

    pub(crate) fn api_get(&self, part: u32, buf: &mut [u8]) -> i32 {
        let a = &self.fake().api;
        give([&a.id, &a.name, &a.org_id, &a.listen_path][part as usize].as_bytes(), buf)
    }

    pub(crate) fn notice_get(&self, part: u32, buf: &mut [u8]) -> i32 {
        let n = &self.fake().notice;
        give([&n.name, &n.data][part as usize].as_bytes(), buf)
    }

    pub(crate) fn log(&self, level: u32, line: &[u8]) -> i32 {
        let level = [Level::Debug, Level::Info, Level::Warn, Level::Error][level as usize];
        self.fake.borrow_mut().logs.push((level, text(line).to_string()));
        0
    }

    pub(crate) fn clock(&self, _: u32) -> i64 {
        self.fake().clock.as_nanos() as i64
    }

    pub(crate) fn time_left(&self) -> i64 {
        self.fake().time_left.as_nanos() as i64
    }

    pub(crate) fn random(&self, buf: &mut [u8]) -> i32 {
        let mut f = self.fake.borrow_mut();
        for b in buf {
            f.seed = f.seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *b = (f.seed >> 56) as u8;
        }
        0
    }
}

impl Host {
    pub(crate) fn metric_add(&self, name: &[u8], labels: &[u8], value: f64) -> i32 {
        if value < 0.0 {
            return Error::Invalid.code();
        }
        *self.fake.borrow_mut().metrics.entry(series(name, labels)).or_default() += value;
        0
    }

    pub(crate) fn metric_set(&self, name: &[u8], labels: &[u8], value: f64) -> i32 {
        self.fake.borrow_mut().metrics.insert(series(name, labels), value);
        0
    }

    /// Does what was granted, unless the fake refuses.
    fn granted(&self, run: impl FnOnce(RefMut<'_, Fake>) -> i32) -> i32 {
        let fake = self.fake.borrow_mut();
        match fake.refuse {
            Some(e) => e.code(),
            None => run(fake),
        }
    }

    pub(crate) fn kv_get(&self, key: &[u8], buf: &mut [u8]) -> i32 {
        self.granted(|f| give_if(f.kv.get(&*text(key)), buf))
    }

    pub(crate) fn kv_set(&self, key: &[u8], value: &[u8], ttl: i64) -> i32 {
        self.granted(|mut f| {
            if key.is_empty() || ttl < 0 {
                return Error::Invalid.code();
            }
            f.kv.insert(text(key).into(), value.into());
            0
        })
    }

    pub(crate) fn kv_set_if_absent(&self, key: &[u8], value: &[u8], ttl: i64) -> i32 {
        if self.fake().refuse.is_none() && self.fake().kv.contains_key(&*text(key)) {
            return 0;
        }
        match self.kv_set(key, value, ttl) {
            0 => 1,
            code => code,
        }
    }

    pub(crate) fn kv_incr(&self, key: &[u8], sum: &mut i64, delta: i64, ttl: i64) -> i32 {
        let old = match self.fake().kv.get(&*text(key)) {
            Some(value) => text(value).parse::<i64>().ok(),
            None => Some(0),
        };
        match old.and_then(|n| n.checked_add(delta)) {
            Some(n) => *sum = n,
            None => return Error::Invalid.code(),
        }
        self.kv_set(key, sum.to_string().as_bytes(), ttl)
    }

    pub(crate) fn kv_del(&self, key: &[u8]) -> i32 {
        self.granted(|mut f| {
            f.kv.remove(&*text(key));
            0
        })
    }

    pub(crate) fn http_request(&self, method: &[u8], url: &[u8], header: &[u8], body: &[u8]) -> i32 {
        let mut q = FakeRequest {
            method: text(method).into(),
            url: text(url).into(),
            body: body.into(),
            ..FakeRequest::default()
        };
        for (name, value) in Pairs(Items::of(header)) {
            q.header.add(&text(name), &text(value));
        }
        let fake = self.fake();
        let refused = Err(fake.refuse.unwrap_or(Error::Unavailable));
        let result = fake.http.filter(|_| fake.refuse.is_none()).map_or(refused, |answer| answer(q));
        let status = result.as_ref().map_or_else(|e| e.code(), |r| r.status.into());
        *self.response.borrow_mut() = result.ok();
        status
    }

    /// Reads the response that is held.
    fn response(&self, read: impl FnOnce(&FakeResponse) -> i32) -> i32 {
        self.response.borrow().as_ref().map_or(Error::NotFound.code(), read)
    }

    pub(crate) fn http_response_header(&self, name: &[u8], buf: &mut [u8]) -> i32 {
        self.response(|r| give_if(r.header.get(&text(name)), buf))
    }

    pub(crate) fn http_response_header_all(&self, buf: &mut [u8]) -> i32 {
        self.response(|r| give_list(r.header.0.iter().flat_map(|f| [&*f.0, &*f.1]), buf))
    }

    pub(crate) fn http_response_body_size(&self) -> i32 {
        self.response(|r| r.body.len() as i32)
    }

    pub(crate) fn http_response_body_read(&self, offset: u32, buf: &mut [u8]) -> i32 {
        self.response(|r| range(&r.body, offset, buf))
    }

    pub(crate) fn env_get(&self, name: &[u8], buf: &mut [u8]) -> i32 {
        self.granted(|f| give_if(f.env.get(&*text(name)), buf))
    }
}

/// Returns how the fake names a series.
fn series(name: &[u8], labels: &[u8]) -> String {
    let mut series = text(name).into_owned();
    for (label, value) in Pairs(Items::of(labels)) {
        series += &std::format!(" {}={}", text(label), text(value));
    }
    series
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn header(fake: &Fake, message: u32) -> &Fields {
    if message == REPLY {
        &fake.reply_header
    } else {
        &fake.request_header
    }
}

fn header_mut(fake: &mut Fake, message: u32) -> &mut Fields {
    if message == REPLY {
        &mut fake.reply_header
    } else {
        &mut fake.request_header
    }
}

fn body(fake: &Fake, message: u32) -> Option<&[u8]> {
    let body = if message == REPLY { &fake.reply_body } else { &fake.request_body };
    Some(body).filter(|_| !fake.streamed).map(|b| &**b)
}

fn body_size(fake: &Fake, message: u32) -> i32 {
    body(fake, message).map_or(Error::Streamed.code(), |b| b.len() as i32)
}

fn body_read(fake: &Fake, message: u32, offset: u32, buf: &mut [u8]) -> i32 {
    body(fake, message).map_or(Error::Streamed.code(), |b| range(b, offset, buf))
}

/// Copies bytes from an offset on.
fn range(bytes: &[u8], offset: u32, buf: &mut [u8]) -> i32 {
    let rest = bytes.get(offset as usize..).unwrap_or_default();
    let n = rest.len().min(buf.len());
    buf[..n].copy_from_slice(&rest[..n]);
    n as i32
}

/// Writes a value to a buffer if it fits, and returns its length.
fn give(value: &[u8], buf: &mut [u8]) -> i32 {
    if let Some(to) = buf.get_mut(..value.len()) {
        to.copy_from_slice(value);
    }
    value.len() as i32
}

fn give_if<T: AsRef<[u8]> + ?Sized>(value: Option<&T>, buf: &mut [u8]) -> i32 {
    value.map_or(Error::NotFound.code(), |v| give(v.as_ref(), buf))
}

fn give_member(object: &Option<String>, name: &[u8], buf: &mut [u8]) -> i32 {
    let found = object.as_deref().and_then(|o| member(o, &text(name)));
    give_if(found.as_deref(), buf)
}

fn give_list<'a>(items: impl Iterator<Item = &'a str>, buf: &mut [u8]) -> i32 {
    let items: Vec<&str> = items.collect();
    let mut list = (items.len() as u32).to_le_bytes().to_vec();
    for item in &items {
        list.extend((item.len() as u32).to_le_bytes());
    }
    list.extend(items.concat().bytes());
    give(&list, buf)
}
