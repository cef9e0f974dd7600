use crate::error::{check, Result};
use crate::Exchange;

/// What the plugin counts and measures, for the monitoring of the gateway.
/// Names are `[a-z_][a-z0-9_]*` and do not end in `_total`.
///
/// Labels are names and values, at most four. Each combination of a name and
/// its labels is a series of its own, and a plugin has at most 256 of them:
/// beyond that the methods fail with [`Error::Limit`], and what makes a label
/// should come from a short list, never from the client.
///
/// [`Error::Limit`]: crate::Error::Limit
#[derive(Clone, Copy)]
pub struct Metrics<'x> {
    pub(crate) x: &'x Exchange,
}

impl Metrics<'_> {
    /// Adds to a counter. What it adds is not negative.
    ///
    /// ```
    /// # use sallyport::*;
    /// fn hit(x: &Exchange) -> Result<()> {
    ///     x.metrics().add("lookups", 1.0, &[("outcome", "hit")])
    /// }
    /// ```
    pub fn add(self, name: impl AsRef<[u8]>, n: f64, labels: &[(&str, &str)]) -> Result<()> {
        let labels = self.x.arena.pairs(&self.x.host, labels);
        check(self.x.host.metric_add(name.as_ref(), labels, n))
    }

    /// Sets a gauge.
    pub fn set(self, name: impl AsRef<[u8]>, value: f64, labels: &[(&str, &str)]) -> Result<()> {
        let labels = self.x.arena.pairs(&self.x.host, labels);
        check(self.x.host.metric_set(name.as_ref(), labels, value))
    }
}
