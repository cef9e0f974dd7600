use crate::error::{check, Result};
use crate::list::{Items, Pairs};
use crate::message::Message;
use crate::Exchange;

/// The header fields of a message. Names are compared without regard to case.
#[derive(Clone, Copy)]
pub struct Header<'x> {
    pub(crate) x: &'x Exchange,
    pub(crate) message: Message,
}

impl<'x> Header<'x> {
    /// Returns the value of the first field of that name.
    pub fn get(self, name: impl AsRef<[u8]>) -> Option<&'x [u8]> {
        let (host, name) = (&self.x.host, name.as_ref());
        self.x.arena.read(host, |buf| host.header_get(self.message as u32, name, buf)).ok()
    }

    /// Reports whether there is a field of that name.
    pub fn has(self, name: impl AsRef<[u8]>) -> bool {
        self.x.host.header_get(self.message as u32, name.as_ref(), &mut []) >= 0
    }

    /// Returns the values of all fields of that name.
    pub fn values(self, name: impl AsRef<[u8]>) -> Items<'x> {
        let (host, name) = (&self.x.host, name.as_ref());
        let list = self.x.arena.read(host, |buf| host.header_values(self.message as u32, name, buf));
        Items::of(list.unwrap_or_default())
    }

    /// Returns every name once, as it was first spelled.
    pub fn names(self) -> Items<'x> {
        let host = &self.x.host;
        let list = self.x.arena.read(host, |buf| host.header_names(self.message as u32, buf));
        Items::of(list.unwrap_or_default())
    }

    /// Returns name and value of all fields in their order, read in one call
    /// of the gateway.
    pub fn all(self) -> Pairs<'x> {
        let host = &self.x.host;
        let list = self.x.arena.read(host, |buf| host.header_all(self.message as u32, buf));
        Pairs(Items::of(list.unwrap_or_default()))
    }

    /// Replaces all fields of that name by one.
    pub fn set(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.header_set(self.message as u32, name.as_ref(), value.as_ref()))
    }

    /// Appends a field.
    pub fn add(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.header_add(self.message as u32, name.as_ref(), value.as_ref()))
    }

    /// Removes all fields of that name.
    pub fn del(self, name: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.header_del(self.message as u32, name.as_ref()))
    }
}
