use core::cell::Cell;
use core::slice;

use crate::error::{length, Result};
use crate::host::Host;

/// The buffer of an instance: values of the hook that is running, one behind
/// the other, and then spare bytes. Values never move and are never written to
/// again before [`Arena::reset`].
pub(crate) struct Arena {
    ptr: Cell<*mut u8>, // null at first; its bytes are initialised
    cap: Cell<usize>,
    used: Cell<usize>,
}

/// The least size of a buffer that is asked for.
const MIN: usize = 4096;

impl Arena {
    pub(crate) const fn new() -> Arena {
        Arena { ptr: Cell::new(core::ptr::null_mut()), cap: Cell::new(0), used: Cell::new(0) }
    }

    /// Makes the buffer free for the next hook; the first time it is the given
    /// one.
    ///
    /// # Safety
    ///
    /// No value that the arena has returned may be in use, and the first
    /// buffer must be initialised and used by nobody else.
    #[cfg(target_arch = "wasm32")]
    pub(crate) unsafe fn reset(&self, first: *mut u8, cap: usize) {
        if self.ptr.get().is_null() {
            self.ptr.set(first);
            self.cap.set(cap);
        }
        self.used.set(0);
    }

    /// Returns the value that a host function writes, which is called a second
    /// time if the spare part was too small.
    pub(crate) fn read(&self, host: &Host, mut call: impl FnMut(&mut [u8]) -> i32) -> Result<&[u8]> {
        loop {
            let spare = self.spare();
            let n = length(call(spare))?;
            if n <= spare.len() {
                return Ok(self.take(n));
            }
            self.enlarge(host, n);
        }
    }

    /// Returns n bytes that a host function writes.
    pub(crate) fn fill(&self, host: &Host, n: usize, call: impl FnOnce(&mut [u8]) -> i32) -> Result<&[u8]> {
        if n > self.spare().len() {
            self.enlarge(host, n);
        }
        let n = length(call(&mut self.spare()[..n]))?;
        Ok(self.take(n))
    }

    /// Returns `head` followed by `tail`, where `head` is empty or a value of
    /// this arena: in place, if it was the last one.
    pub(crate) fn append<'x>(&'x self, host: &Host, head: &'x [u8], tail: &[u8]) -> &'x [u8] {
        let n = head.len() + tail.len();
        let last = head.as_ptr().wrapping_add(head.len()) == self.spare().as_ptr();
        if last && (tail.len() <= self.spare().len() || self.extend(host, tail.len())) {
            self.spare()[..tail.len()].copy_from_slice(tail);
            self.used.set(self.used.get() - head.len());
            return self.take(n);
        }
        if n > self.spare().len() {
            self.enlarge(host, n);
        }
        let (into, _) = self.spare().split_at_mut(n);
        into[..head.len()].copy_from_slice(head);
        into[head.len()..].copy_from_slice(tail);
        self.take(n)
    }

    /// Returns a list of names and values.
    pub(crate) fn pairs(&self, host: &Host, pairs: &[(&str, &str)]) -> &[u8] {
        if pairs.is_empty() {
            return &[];
        }
        let items = || pairs.iter().flat_map(|p| [p.0, p.1]);
        let mut list = self.append(host, &[], &number(2 * pairs.len()));
        for item in items() {
            list = self.append(host, list, &number(item.len()));
        }
        for item in items() {
            list = self.append(host, list, item.as_bytes());
        }
        list
    }

    /// The free part. Only one may be in use at a time.
    #[allow(clippy::mut_from_ref)]
    fn spare(&self) -> &mut [u8] {
        if self.ptr.get().is_null() {
            return &mut [];
        }
        // SAFETY: within the buffer, initialised, and behind all values.
        unsafe { slice::from_raw_parts_mut(self.ptr.get().add(self.used.get()), self.cap.get() - self.used.get()) }
    }

    /// Makes a value of the first n bytes of the free part.
    fn take(&self, n: usize) -> &[u8] {
        let from = self.used.get();
        assert!(n <= self.cap.get() - from);
        self.used.set(from + n);
        if n == 0 {
            return &[];
        }
        // SAFETY: within the buffer, and not part of the free part any more.
        unsafe { slice::from_raw_parts(self.ptr.get().add(from), n) }
    }

    /// Makes space for n bytes: in place, or in a new buffer. The old one is
    /// not freed: values in it are in use, and as sizes double, all old ones
    /// together are never larger than the new one.
    #[cold]
    #[inline(never)]
    fn enlarge(&self, host: &Host, n: usize) {
        if self.extend(host, n) {
            return;
        }
        let cap = n.max(MIN).max(self.cap.get().saturating_mul(2));
        let (ptr, cap) = host.more(cap);
        self.ptr.set(ptr);
        self.cap.set(cap);
        self.used.set(0);
    }

    /// Makes space for n bytes where the buffer ends, if it can. The first one,
    /// a static, cannot.
    fn extend(&self, host: &Host, n: usize) -> bool {
        if self.cap.get() <= MIN {
            return false;
        }
        let end = self.ptr.get().wrapping_add(self.cap.get());
        let more = host.extend(end, n - self.spare().len());
        self.cap.set(self.cap.get() + more);
        more > 0
    }
}

/// Returns a number of a list.
fn number(n: usize) -> [u8; 4] {
    (n as u32).to_le_bytes()
}
