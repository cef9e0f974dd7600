use core::time::Duration;

use crate::error::{check, length, Error, Result};
use crate::Exchange;

/// The store of the gateway, as far as the configuration of the plugin grants
/// its keys: `allow: { kv: ["tenant:*"] }`. A plugin that uses it needs the grant.
/// Unlike edits, stored values remain if the hook fails.
///
/// Besides those named, all methods fail with [`Error::Denied`] for a key that
/// was not granted, [`Error::Unavailable`] if the store is down,
/// [`Error::Timeout`] after the deadline and [`Error::Limit`] beyond its limits.
///
/// A time to live is rounded up to milliseconds; with zero a value does not expire.
#[derive(Clone, Copy)]
pub struct Kv<'x> {
    pub(crate) x: &'x Exchange,
}

impl<'x> Kv<'x> {
    /// Returns the value of a key, or none.
    pub fn get(self, key: impl AsRef<[u8]>) -> Result<Option<&'x [u8]>> {
        let (host, key) = (&self.x.host, key.as_ref());
        match self.x.arena.read(host, |buf| host.kv_get(key, buf)) {
            Err(Error::NotFound) => Ok(None),
            result => result.map(Some),
        }
    }

    /// Stores a value.
    pub fn set(self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, ttl: Duration) -> Result<()> {
        check(self.x.host.kv_set(key.as_ref(), value.as_ref(), milliseconds(ttl)))
    }

    /// Stores the value of a key without one, and returns whether it did.
    pub fn set_if_absent(self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, ttl: Duration) -> Result<bool> {
        length(self.x.host.kv_set_if_absent(key.as_ref(), value.as_ref(), milliseconds(ttl))).map(|n| n == 1)
    }

    /// Adds to a decimal number and returns the sum. A key without a value
    /// counts as 0, and only then is the time to live set. It fails with
    /// [`Error::Invalid`] if the value is not a number, or the sum has more
    /// than 64 bits.
    pub fn incr(self, key: impl AsRef<[u8]>, delta: i64, ttl: Duration) -> Result<i64> {
        let mut sum = 0;
        check(self.x.host.kv_incr(key.as_ref(), &mut sum, delta, milliseconds(ttl)))?;
        Ok(sum)
    }

    /// Removes a value. It is no error if there is none.
    pub fn del(self, key: impl AsRef<[u8]>) -> Result<()> {
        check(self.x.host.kv_del(key.as_ref()))
    }
}

/// Rounds up, because 0 would mean that the value does not expire.
fn milliseconds(ttl: Duration) -> i64 {
    let part = i64::from(ttl.subsec_nanos() % 1_000_000 > 0);
    let whole = ttl.as_secs().saturating_mul(1000).saturating_add(ttl.subsec_millis().into());
    whole.min(i64::MAX as u64 - 1) as i64 + part
}
