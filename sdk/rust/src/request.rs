use crate::error::{check, length, Result};
use crate::message::Message;
use crate::{Exchange, Header};

/// What the client sent, as edited so far. It can be edited in hooks before
/// the reply.
#[derive(Clone, Copy)]
pub struct Request<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Request<'x> {
    /// Returns the header fields.
    pub fn header(self) -> Header<'x> {
        Header { x: self.x, message: Message::Request }
    }

    /// Returns the request method.
    pub fn method(self) -> &'x [u8] {
        self.part(0)
    }

    /// Returns path and query, percent-encoded as received.
    pub fn uri(self) -> &'x [u8] {
        self.part(1)
    }

    /// Returns the host the request is for.
    pub fn host(self) -> &'x [u8] {
        self.part(2)
    }

    /// Returns IP address and port of the client.
    pub fn remote_addr(self) -> &'x [u8] {
        self.part(3)
    }

    /// Returns the protocol version, for instance "HTTP/1.1".
    pub fn proto(self) -> &'x [u8] {
        self.part(4)
    }

    /// Returns "http" or "https".
    pub fn scheme(self) -> &'x [u8] {
        self.part(5)
    }

    /// Returns the identifier of the request, which is also in the logs.
    pub fn id(self) -> &'x [u8] {
        self.part(6)
    }

    fn part(self, part: u32) -> &'x [u8] {
        let host = &self.x.host;
        self.x.arena.read(host, |buf| host.request_get(part, buf)).unwrap_or_default()
    }

    /// Replaces the method.
    pub fn set_method(self, method: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.request_set(0, method.as_ref()))
    }

    /// Replaces path and query; the caller percent-encodes.
    pub fn set_uri(self, uri: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.request_set(1, uri.as_ref()))
    }

    /// Replaces the host. It does not choose the upstream.
    pub fn set_host(self, host: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.request_set(2, host.as_ref()))
    }

    /// Returns the length of the body.
    pub fn body_size(self) -> Result<usize> {
        length(self.x.host.request_body_size())
    }

    /// Returns the whole body. It fails with [`Error::Streamed`] in hooks for
    /// which the gateway does not buffer it.
    ///
    /// [`Error::Streamed`]: crate::Error::Streamed
    pub fn body(self) -> Result<&'x [u8]> {
        let host = &self.x.host;
        let size = self.body_size()?;
        self.x.arena.fill(host, size, |buf| host.request_body_read(0, buf))
    }

    /// Copies bytes of the body from an offset on and returns how many; 0 is
    /// the end.
    pub fn read_body(self, offset: u32, buf: &mut [u8]) -> Result<usize> {
        length(self.x.host.request_body_read(offset, buf))
    }

    /// Replaces the body.
    pub fn set_body(self, body: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.request_body_set(body.as_ref()))
    }

    /// Replaces count bytes at an offset. Both are cut to the length of the
    /// body: an offset beyond it appends.
    pub fn splice_body(self, offset: u32, count: u32, replacement: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.request_body_splice(offset, count, replacement.as_ref()))
    }
}
