use crate::Exchange;

/// The API that the request was routed to.
#[derive(Clone, Copy)]
pub struct Api<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Api<'x> {
    /// Returns the identifier of the API.
    pub fn id(self) -> &'x [u8] {
        self.part(0)
    }

    /// Returns the name of the API.
    pub fn name(self) -> &'x [u8] {
        self.part(1)
    }

    /// Returns the organisation the API belongs to.
    pub fn org_id(self) -> &'x [u8] {
        self.part(2)
    }

    /// Returns the path under which the API is reached.
    pub fn listen_path(self) -> &'x [u8] {
        self.part(3)
    }

    /// Returns one member of the API's config data, as [`Exchange::config`]
    /// does for the plugin's.
    pub fn config(self, name: impl AsRef<[u8]>) -> Option<&'x [u8]> {
        self.x.config_of(1, name.as_ref())
    }

    fn part(self, part: u32) -> &'x [u8] {
        let host = &self.x.host;
        self.x.arena.read(host, |buf| host.api_get(part, buf)).unwrap_or_default()
    }
}

/// What a hook event is told.
#[derive(Clone, Copy)]
pub struct Notice<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Notice<'x> {
    /// Returns what happened, for instance "AuthFailure".
    pub fn name(self) -> &'x [u8] {
        self.part(0)
    }

    /// Returns the details as a JSON object.
    pub fn data(self) -> &'x [u8] {
        self.part(1)
    }

    fn part(self, part: u32) -> &'x [u8] {
        let host = &self.x.host;
        self.x.arena.read(host, |buf| host.notice_get(part, buf)).unwrap_or_default()
    }
}
