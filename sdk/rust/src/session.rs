use crate::error::{check, Result};
use crate::Exchange;

/// Values that plugins of one request leave for later ones.
#[derive(Clone, Copy)]
pub struct Meta<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Meta<'x> {
    /// Returns a value.
    pub fn get(self, name: impl AsRef<[u8]>) -> Option<&'x [u8]> {
        let (host, name) = (&self.x.host, name.as_ref());
        self.x.arena.read(host, |buf| host.meta_get(name, buf)).ok()
    }

    /// Leaves a value. The name is case-sensitive and not empty.
    pub fn set(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.meta_set(name.as_ref(), value.as_ref()))
    }
}

/// What the gateway knows of the caller behind a credential.
#[derive(Clone, Copy)]
pub struct Session<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Session<'x> {
    /// Returns one field of the session by its JSON name, for instance
    /// "key_id", "alias" or "rate": strings as their text, everything else as
    /// JSON. The empty name is the whole session.
    pub fn get(self, name: impl AsRef<[u8]>) -> Option<&'x [u8]> {
        let (host, name) = (&self.x.host, name.as_ref());
        self.x.arena.read(host, |buf| host.session_get(name, buf)).ok()
    }

    /// Sets the session from a JSON object; hook auth only.
    pub fn set(self, json: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.session_set(json.as_ref()))
    }

    /// Returns one value of the session's metadata, in the form of
    /// [`Session::get`].
    pub fn metadata(self, name: impl AsRef<[u8]>) -> Option<&'x [u8]> {
        let (host, name) = (&self.x.host, name.as_ref());
        self.x.arena.read(host, |buf| host.metadata_get(name, buf)).ok()
    }

    /// Replaces the metadata by a JSON object.
    pub fn set_metadata(self, json: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.metadata_set(json.as_ref()))
    }
}
