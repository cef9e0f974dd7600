use crate::error::{check, length, Result};
use crate::message::Message;
use crate::{Exchange, Header};

/// What the client will get. Hooks before the reply may set one and return
/// [`Verdict::Respond`]; the hook response edits the one of the upstream.
///
/// [`Verdict::Respond`]: crate::Verdict::Respond
#[derive(Clone, Copy)]
pub struct Reply<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Reply<'x> {
    /// Returns the header fields.
    pub fn header(self) -> Header<'x> {
        Header { x: self.x, message: Message::Reply }
    }

    /// Returns the status code, 0 as long as there is no reply.
    pub fn status(self) -> u16 {
        self.x.host.reply_status() as u16
    }

    /// Sets the status code: a final one, 200 to 599.
    pub fn set_status(self, status: u16) -> Result<()> {
        check(self.x.host.reply_set_status(status.into()))
    }

    /// Returns the length of the body.
    pub fn body_size(self) -> Result<usize> {
        length(self.x.host.reply_body_size())
    }

    /// Returns the whole body. Calling it declares the need for it in the hook
    /// response.
    pub fn body(self) -> Result<&'x [u8]> {
        let host = &self.x.host;
        let size = self.body_size()?;
        self.x.arena.fill(host, size, |buf| host.reply_body_read(0, buf))
    }

    /// Copies bytes of the body from an offset on and returns how many; 0 is
    /// the end.
    pub fn read_body(self, offset: u32, buf: &mut [u8]) -> Result<usize> {
        length(self.x.host.reply_body_read(offset, buf))
    }

    /// Replaces the body.
    pub fn set_body(self, body: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.reply_body_set(body.as_ref()))
    }

    /// Replaces count bytes at an offset, as [`Request::splice_body`] does.
    ///
    /// [`Request::splice_body`]: crate::Request::splice_body
    pub fn splice_body(self, offset: u32, count: u32, replacement: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.reply_body_splice(offset, count, replacement.as_ref()))
    }
}
