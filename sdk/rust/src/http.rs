use crate::error::{length, Result};
use crate::list::{Items, Pairs};
use crate::Exchange;

/// Sends requests to where the configuration of the plugin grants it to:
/// `allow: { http: ["https://idp.internal/*"] }`. A plugin that uses it
/// needs the grant.
#[derive(Clone, Copy)]
pub struct Http<'x> {
    pub(crate) x: &'x Exchange,
}

/// A request of the plugin.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The absolute URL.
    pub url: &'a str,
    /// The header fields.
    pub header: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl Default for HttpRequest<'_> {
    fn default() -> Self {
        HttpRequest { method: "GET", url: "", header: &[], body: &[] }
    }
}

/// What a server answered. It is read before the next request: the gateway
/// holds one at a time.
pub struct HttpResponse<'x> {
    x: &'x Exchange,
    status: u16,
}

impl<'x> Http<'x> {
    /// Sends a request and waits for the whole response. It fails with
    /// [`Error::Denied`] if the URL or the address behind it was not granted,
    /// [`Error::Invalid`] if the request is not valid, [`Error::Limit`] if a
    /// body is too large, [`Error::Unavailable`] if the server does not answer
    /// as it should, and [`Error::Timeout`] after the deadline. A status is no
    /// error. Redirects are not followed.
    ///
    /// [`Error::Denied`]: crate::Error::Denied
    /// [`Error::Invalid`]: crate::Error::Invalid
    /// [`Error::Limit`]: crate::Error::Limit
    /// [`Error::Unavailable`]: crate::Error::Unavailable
    /// [`Error::Timeout`]: crate::Error::Timeout
    pub fn send(self, q: HttpRequest<'_>) -> Result<HttpResponse<'x>> {
        let (x, host) = (self.x, &self.x.host);
        let header = x.arena.pairs(host, q.header);
        let status = length(host.http_request(q.method.as_bytes(), q.url.as_bytes(), header, q.body))?;
        Ok(HttpResponse { x, status: status as u16 })
    }

    /// Sends a GET request without header fields.
    pub fn get(self, url: &str) -> Result<HttpResponse<'x>> {
        self.send(HttpRequest { url, ..HttpRequest::default() })
    }
}

impl<'x> HttpResponse<'x> {
    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the value of the first field of that name.
    pub fn header(&self, name: impl AsRef<[u8]>) -> Option<&'x [u8]> {
        let (host, name) = (&self.x.host, name.as_ref());
        self.x.arena.read(host, |buf| host.http_response_header(name, buf)).ok()
    }

    /// Returns name and value of all fields, sorted by name.
    pub fn headers(&self) -> Pairs<'x> {
        let host = &self.x.host;
        let list = self.x.arena.read(host, |buf| host.http_response_header_all(buf));
        Pairs(Items::of(list.unwrap_or_default()))
    }

    /// Returns the length of the body.
    pub fn body_size(&self) -> Result<usize> {
        length(self.x.host.http_response_body_size())
    }

    /// Returns the body.
    pub fn body(&self) -> Result<&'x [u8]> {
        let host = &self.x.host;
        let size = self.body_size()?;
        self.x.arena.fill(host, size, |buf| host.http_response_body_read(0, buf))
    }

    /// Copies bytes of the body from an offset on and returns how many; 0 is
    /// the end.
    pub fn read_body(&self, offset: u32, buf: &mut [u8]) -> Result<usize> {
        length(self.x.host.http_response_body_read(offset, buf))
    }
}
